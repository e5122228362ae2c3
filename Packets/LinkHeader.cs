using System.Buffers.Binary;

namespace Packets;

/// <summary>What stands before the IP packet of a frame.</summary>
internal static class LinkHeader
{
    private const int EtherTypeV4 = 0x0800;
    private const int EtherTypeV6 = 0x86DD;

    // IEEE 802.1Q, 802.1ad, and what equipment used for two tags before the latter.
    private const int Tag = 0x8100;
    private const int ServiceTag = 0x88A8;
    private const int OldServiceTag = 0x9100;
    private const int TagBytes = 4;

    private const int EtherTypeInEthernet = 12;
    private const int EtherTypeInSll = 14;
    private const int Sll2Bytes = 20;
    private const int FamilyBytes = 4;

    /// <summary>Where the IP packet starts; null if there is none.</summary>
    public static int? PacketStart(LinkType link, ReadOnlySpan<byte> frame) => link switch
    {
        LinkType.Ethernet => BehindTags(frame, EtherTypeInEthernet),
        LinkType.LinuxSll => BehindTags(frame, EtherTypeInSll),
        LinkType.LinuxSll2 => BehindSll2(frame),
        LinkType.Raw => 0,
        // The family before the packet says no more than the packet's version.
        LinkType.Null or LinkType.Loop => FamilyBytes,
        _ => null,
    };

    private static int? BehindTags(ReadOnlySpan<byte> frame, int at)
    {
        for (; at + sizeof(ushort) <= frame.Length; at += TagBytes)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
            if (IsPacket(type))
                return at + sizeof(ushort);
            if (!IsTag(type))
                return null;
        }

        return null;
    }

    // Its type is at its start; the rest of a tag is behind it.
    private static int? BehindSll2(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < Sll2Bytes)
            return null;
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame);
        return IsPacket(type) ? Sll2Bytes : IsTag(type) ? BehindTags(frame, Sll2Bytes + TagBytes - sizeof(ushort)) : null;
    }

    private static bool IsPacket(int type) => type is EtherTypeV4 or EtherTypeV6;

    private static bool IsTag(int type) => type is Tag or ServiceTag or OldServiceTag;
}
