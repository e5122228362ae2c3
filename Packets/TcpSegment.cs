using System.Buffers.Binary;

namespace Packets;

/// <summary>A TCP segment of a capture (RFC 9293, 3.1). It refers to the bytes of its frame.</summary>
public readonly ref struct TcpSegment
{
    private const int MinHeader = 20;
    private const TcpControl Known = TcpControl.Fin | TcpControl.Syn | TcpControl.Rst | TcpControl.Ack;

    /// <summary>Its time, in nanoseconds since 1970.</summary>
    public long Time { get; init; }

    /// <summary>The sender.</summary>
    public TcpEnd From { get; init; }

    /// <summary>The receiver.</summary>
    public TcpEnd To { get; init; }

    /// <summary>The network of both ends, if the same addresses can be in several; otherwise 0.</summary>
    public ulong Network { get; init; }

    /// <summary>The number of its first byte, or of its SYN.</summary>
    public uint Sequence { get; init; }

    /// <summary>The number of the byte that its sender expects next.</summary>
    public uint Acknowledgement { get; init; }

    /// <summary>Its control bits.</summary>
    public TcpControl Control { get; init; }

    /// <summary>Bytes that it carried.</summary>
    public int Length { get; init; }

    /// <summary>These bytes, as far as they were captured.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Whether its checksum says that it was damaged on its way, so that its receiver drops it. False if it was not captured whole.</summary>
    public bool IsDamaged => Whole.Length > 0 && TcpChecksum.IsWrong(From.Address, To.Address, Whole);

    // With its header; empty if a part is missing.
    private ReadOnlySpan<byte> Whole { get; init; }

    internal bool IsSyn => (Control & (TcpControl.Syn | TcpControl.Rst)) == TcpControl.Syn;

    internal bool IsFin => (Control & TcpControl.Fin) == TcpControl.Fin;

    internal bool IsReset => (Control & TcpControl.Rst) == TcpControl.Rst;

    internal bool IsAck => (Control & TcpControl.Ack) == TcpControl.Ack;

    // A SYN has a sequence number before the first byte.
    internal uint FirstByte => IsSyn ? Sequence + 1 : Sequence;

    /// <summary>Reads a frame of a capture, as the other method does.</summary>
    public static bool TryRead(in CapturedFrame frame, out TcpSegment segment)
    {
        segment = default;
        return frame.Link is { } link && TryRead(link, frame.Bytes, frame.WireLength, frame.Time, out segment);
    }

    /// <summary>
    /// Reads a frame; false if it has no TCP segment, or only a fragment of one, or its headers are incomplete, or say more bytes than were there.
    /// </summary>
    /// <param name="link">What the frame begins with.</param>
    /// <param name="frame">The frame, as far as it was captured.</param>
    /// <param name="wireLength">Its bytes before some were cut off.</param>
    /// <param name="time">Its time, in nanoseconds since 1970.</param>
    /// <param name="segment">The segment.</param>
    public static bool TryRead(LinkType link, ReadOnlySpan<byte> frame, int wireLength, long time, out TcpSegment segment)
    {
        segment = default;
        if (LinkHeader.PacketStart(link, frame) is not { } start || start > frame.Length || !IpHeader.TryRead(frame[start..], wireLength - start, out var ip) || ip.Bytes + ip.Length > wireLength - start)
            return false;
        // Bytes after the packet in a short frame are padding; bytes that the capture cut off are missing.
        var bytes = Part(frame[start..], ip.Bytes, ip.Length);
        if (bytes.Length < MinHeader)
            return false;
        var header = (bytes[12] >> 4) * 4;
        if (header < MinHeader || header > ip.Length)
            return false;
        segment = new TcpSegment
        {
            Time = time,
            From = new TcpEnd(ip.From, BinaryPrimitives.ReadUInt16BigEndian(bytes)),
            To = new TcpEnd(ip.To, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..])),
            Sequence = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            Acknowledgement = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
            Control = (TcpControl)bytes[13] & Known,
            Length = ip.Length - header,
            Payload = Part(bytes, header, bytes.Length),
            Whole = bytes.Length == ip.Length ? bytes : default,
        };
        return true;
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bytes, int start, int length) =>
        start >= bytes.Length || length <= 0 ? default : bytes.Slice(start, Math.Min(length, bytes.Length - start));
}
