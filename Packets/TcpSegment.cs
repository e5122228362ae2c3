using System.Buffers.Binary;
using System.Net;

namespace Packets;

/// <summary>The control bits of a TCP segment that matter for putting streams together (RFC 9293, 3.1).</summary>
[Flags]
public enum TcpControl
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>No more bytes from the sender; takes one sequence number.</summary>
    Fin = 0x01,

    /// <summary>A connection begins; takes one sequence number.</summary>
    Syn = 0x02,

    /// <summary>The connection is reset.</summary>
    Rst = 0x04,

    /// <summary>The acknowledgement number counts.</summary>
    Ack = 0x10,
}

/// <summary>A TCP segment of a capture.</summary>
/// <param name="Time">Its time.</param>
/// <param name="From">The sender.</param>
/// <param name="To">The receiver.</param>
/// <param name="Sequence">The number of its first byte, or of its SYN.</param>
/// <param name="Acknowledgement">The number of the byte that its sender expects next.</param>
/// <param name="Control">Its control bits.</param>
/// <param name="Length">Bytes that it carried.</param>
/// <param name="Payload">These bytes, as far as they were captured.</param>
public sealed record TcpSegment(
    DateTimeOffset Time, IPEndPoint From, IPEndPoint To, uint Sequence, uint Acknowledgement, TcpControl Control, int Length, ReadOnlyMemory<byte> Payload)
{
    private const int EthernetHeader = 14;
    private const int EtherTypeV4 = 0x0800;
    private const int EtherTypeV6 = 0x86DD;
    private const int MinV4Header = 20;
    private const int V6Header = 40;
    private const int MinTcpHeader = 20;
    private const int TcpProtocol = 6;
    private const TcpControl Known = TcpControl.Fin | TcpControl.Syn | TcpControl.Rst | TcpControl.Ack;

    /// <summary>Whether it asks for a new connection.</summary>
    public bool Opens => (Control & (TcpControl.Syn | TcpControl.Ack)) == TcpControl.Syn;

    /// <summary>
    /// Reads an Ethernet frame (RFC 791, RFC 8200, RFC 9293); null if it is not a TCP segment, or its headers are incomplete.
    /// </summary>
    public static TcpSegment? Read(CapturedFrame captured)
    {
        var frame = captured.Bytes;
        if (frame.Length < EthernetHeader)
            return null;
        var packet = frame[EthernetHeader..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame.Span[12..]) switch
        {
            EtherTypeV4 => ReadV4(captured.Time, packet),
            EtherTypeV6 => ReadV6(captured.Time, packet),
            _ => null,
        };
    }

    private static TcpSegment? ReadV4(DateTimeOffset time, ReadOnlyMemory<byte> packet)
    {
        if (packet.Length < MinV4Header)
            return null;
        var bytes = packet.Span;
        var header = (bytes[0] & 0x0F) * 4;
        var total = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        // A fragment other than the first has no TCP header.
        var isFirst = (BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) & 0x1FFF) == 0;
        return bytes[9] == TcpProtocol && isFirst && header >= MinV4Header && total >= header
            ? ReadTcp(time, Part(packet, header, total - header), total - header, new IPAddress(bytes.Slice(12, 4)), new IPAddress(bytes.Slice(16, 4)))
            : null;
    }

    private static TcpSegment? ReadV6(DateTimeOffset time, ReadOnlyMemory<byte> packet)
    {
        if (packet.Length < V6Header)
            return null;
        var bytes = packet.Span;
        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        // Linux puts no extension header before the TCP header of an ordinary connection.
        return bytes[6] == TcpProtocol
            ? ReadTcp(time, Part(packet, V6Header, length), length, new IPAddress(bytes.Slice(8, 16)), new IPAddress(bytes.Slice(24, 16)))
            : null;
    }

    private static TcpSegment? ReadTcp(DateTimeOffset time, ReadOnlyMemory<byte> segment, int length, IPAddress from, IPAddress to)
    {
        if (segment.Length < MinTcpHeader)
            return null;
        var bytes = segment.Span;
        var header = (bytes[12] >> 4) * 4;
        return header < MinTcpHeader || length < header ? null : new TcpSegment(
            time, new IPEndPoint(from, BinaryPrimitives.ReadUInt16BigEndian(bytes)), new IPEndPoint(to, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..])),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]), (TcpControl)bytes[13] & Known,
            length - header, Part(segment, header, segment.Length - header));
    }

    // Bytes after the packet in a short Ethernet frame are padding; bytes that the capture cut off are missing.
    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> bytes, int start, int length) =>
        start >= bytes.Length ? default : bytes.Slice(start, Math.Min(length, bytes.Length - start));
}
