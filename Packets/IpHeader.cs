using System.Buffers.Binary;

namespace Packets;

/// <summary>The header of an IP packet with a TCP segment (RFC 791, RFC 8200).</summary>
internal readonly struct IpHeader
{
    private const int MinV4Bytes = 20;
    private const int V6Bytes = 40;
    private const int TcpProtocol = 6;
    private const int HopByHop = 0;
    private const int Routing = 43;
    private const int DestinationOptions = 60;
    private const int ExtensionUnit = 8;

    // More fragments to come, or not the first.
    private const int FragmentBits = 0x3FFF;

    /// <summary>The sender's address.</summary>
    public UInt128 From { get; private init; }

    /// <summary>The receiver's address.</summary>
    public UInt128 To { get; private init; }

    /// <summary>Where the TCP segment starts.</summary>
    public int Bytes { get; private init; }

    /// <summary>How long the TCP segment was, also if it was not captured whole.</summary>
    public int Length { get; private init; }

    /// <summary>Reads it; false if there is no whole TCP segment in this packet, or the header is incomplete.</summary>
    /// <param name="packet">The packet, as far as it was captured.</param>
    /// <param name="wireLength">Its bytes on the wire, for one that does not say its length: of more than 64 KB, or before its segmentation.</param>
    /// <param name="header">The header.</param>
    public static bool TryRead(ReadOnlySpan<byte> packet, int wireLength, out IpHeader header)
    {
        header = default;
        return (packet.IsEmpty ? 0 : packet[0] >> 4) switch
        {
            4 => TryReadV4(packet, wireLength, out header),
            6 => TryReadV6(packet, wireLength, out header),
            _ => false,
        };
    }

    private static bool TryReadV4(ReadOnlySpan<byte> packet, int wireLength, out IpHeader header)
    {
        header = default;
        if (packet.Length < MinV4Bytes)
            return false;
        var bytes = (packet[0] & 0x0F) * 4;
        int total = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        var isFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & FragmentBits) != 0;
        header = new IpHeader
        {
            From = TcpEnd.Mapped(BinaryPrimitives.ReadUInt32BigEndian(packet[12..])),
            To = TcpEnd.Mapped(BinaryPrimitives.ReadUInt32BigEndian(packet[16..])),
            Bytes = bytes,
            Length = (total == 0 ? wireLength : total) - bytes,
        };
        return packet[9] == TcpProtocol && !isFragment && bytes >= MinV4Bytes;
    }

    private static bool TryReadV6(ReadOnlySpan<byte> packet, int wireLength, out IpHeader header)
    {
        header = default;
        if (packet.Length < V6Bytes)
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        var end = length == 0 ? wireLength : V6Bytes + length;
        var (next, at) = (packet[6], V6Bytes);
        while (next is HopByHop or Routing or DestinationOptions && at + ExtensionUnit <= packet.Length)
            (next, at) = (packet[at], at + ((packet[at + 1] + 1) * ExtensionUnit));
        header = new IpHeader
        {
            From = BinaryPrimitives.ReadUInt128BigEndian(packet[8..]),
            To = BinaryPrimitives.ReadUInt128BigEndian(packet[24..]),
            Bytes = at,
            Length = end - at,
        };
        return next == TcpProtocol;
    }
}
