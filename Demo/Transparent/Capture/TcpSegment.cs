using System.Buffers.Binary;
using System.Net;

namespace Demo.Transparent.Capture;

/// <summary>A TCP segment as it crossed.</summary>
/// <param name="From">Who sent it.</param>
/// <param name="To">Who gets it.</param>
/// <param name="Sequence">The number of its first byte.</param>
/// <param name="Opens">Whether it asks for a new connection: SYN without ACK.</param>
/// <param name="IsSyn">Whether it has a SYN, which takes one sequence number.</param>
/// <param name="Payload">Its bytes, as far as they were captured.</param>
internal sealed record TcpSegment(IPEndPoint From, IPEndPoint To, uint Sequence, bool Opens, bool IsSyn, ReadOnlyMemory<byte> Payload)
{
    private const int EthernetHeader = 14;
    private const int EtherTypeV4 = 0x0800;
    private const int EtherTypeV6 = 0x86DD;
    private const int MinV4Header = 20;
    private const int V6Header = 40;
    private const int MinTcpHeader = 20;
    private const int TcpProtocol = 6;
    private const byte SynFlag = 0x02;
    private const byte AckFlag = 0x10;

    /// <summary>Reads an Ethernet frame (RFC 791, RFC 8200, RFC 9293); null when it is no TCP segment, or cut off in its headers.</summary>
    public static TcpSegment? Read(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length < EthernetHeader)
            return null;
        var packet = frame[EthernetHeader..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame.Span[12..]) switch
        {
            EtherTypeV4 => ReadV4(packet),
            EtherTypeV6 => ReadV6(packet),
            _ => null,
        };
    }

    private static TcpSegment? ReadV4(ReadOnlyMemory<byte> packet)
    {
        if (packet.Length < MinV4Header)
            return null;
        var bytes = packet.Span;
        var header = (bytes[0] & 0x0F) * 4;
        var total = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        // A fragment other than the first has no TCP header.
        var isFirst = (BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) & 0x1FFF) == 0;
        return bytes[9] == TcpProtocol && isFirst && header >= MinV4Header && total >= header
            ? ReadTcp(Part(packet, header, total - header), new IPAddress(bytes.Slice(12, 4)), new IPAddress(bytes.Slice(16, 4)))
            : null;
    }

    private static TcpSegment? ReadV6(ReadOnlyMemory<byte> packet)
    {
        if (packet.Length < V6Header)
            return null;
        var bytes = packet.Span;
        // Linux puts no extension header before the TCP header of an ordinary connection.
        return bytes[6] == TcpProtocol
            ? ReadTcp(Part(packet, V6Header, BinaryPrimitives.ReadUInt16BigEndian(bytes[4..])), new IPAddress(bytes.Slice(8, 16)), new IPAddress(bytes.Slice(24, 16)))
            : null;
    }

    private static TcpSegment? ReadTcp(ReadOnlyMemory<byte> segment, IPAddress from, IPAddress to)
    {
        if (segment.Length < MinTcpHeader)
            return null;
        var bytes = segment.Span;
        var header = (bytes[12] >> 4) * 4;
        var (syn, ack) = ((bytes[13] & SynFlag) != 0, (bytes[13] & AckFlag) != 0);
        return header < MinTcpHeader ? null : new TcpSegment(
            new IPEndPoint(from, BinaryPrimitives.ReadUInt16BigEndian(bytes)), new IPEndPoint(to, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..])),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), syn && !ack, syn, Part(segment, header, segment.Length - header));
    }

    // What follows the packet in a short Ethernet frame is padding; what the capture cut off is missing.
    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> bytes, int start, int length) =>
        start >= bytes.Length ? default : bytes.Slice(start, Math.Min(length, bytes.Length - start));
}
