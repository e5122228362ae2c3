using System.Buffers.Binary;

namespace Sidecar.Tests.Packets;

/// <summary>Writes captures from the diagrams of the formats, in either byte order.</summary>
internal sealed class WrittenCapture(bool isBig = false)
{
    private readonly List<byte> _bytes = [];

    public byte[] Bytes => [.. _bytes];

    /// <summary>A whole pcap file; each frame is a microsecond later than the one before.</summary>
    public static byte[] Pcap(IEnumerable<byte[]> frames, bool isBig = false, bool hasNanoseconds = false, uint link = 1)
    {
        var file = new WrittenCapture(isBig).Words(hasNanoseconds ? 0xA1B23C4D : 0xA1B2C3D4).Shorts(2, 4).Words(0, 0, 262_144, link);
        foreach (var (at, frame) in frames.Index())
            file.Packet((uint)(hasNanoseconds ? 1000 * at : at), frame, frame.Length);
        return file.Bytes;
    }

    /// <summary>A whole pcapng file of one section and one interface; each frame is a microsecond later than the one before.</summary>
    public static byte[] PcapNg(IEnumerable<byte[]> frames, bool isBig = false, ushort link = 1)
    {
        var file = new WrittenCapture(isBig).Section().Interface(link);
        foreach (var (at, frame) in frames.Index())
            file.Enhanced(0, (Frames.Epoch * 1_000_000UL) + (ulong)at, frame, frame.Length);
        return file.Bytes;
    }

    public WrittenCapture Words(params ReadOnlySpan<uint> values)
    {
        Span<byte> four = stackalloc byte[4];
        foreach (var value in values)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(four, isBig ? BinaryPrimitives.ReverseEndianness(value) : value);
            _bytes.AddRange(four);
        }

        return this;
    }

    public WrittenCapture Shorts(params ReadOnlySpan<ushort> values)
    {
        foreach (var value in values)
            _bytes.AddRange(isBig ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)]);
        return this;
    }

    /// <summary>A packet of pcap, in the second when all begins.</summary>
    public WrittenCapture Packet(uint fraction, byte[] frame, int length) =>
        Words(Frames.Epoch, fraction, (uint)frame.Length, (uint)length).Add(frame);

    public WrittenCapture Section() => Block(0x0A0D0D0A, body => body.Words(0x1A2B3C4D).Shorts(1, 0).Words(0xFFFF_FFFF, 0xFFFF_FFFF));

    /// <summary>The description of an interface.</summary>
    /// <param name="link">Its link type.</param>
    /// <param name="snapLength">The most bytes of a packet.</param>
    /// <param name="resolution">The resolution of its timestamps; null without this option.</param>
    /// <param name="offset">Seconds to add to them; null without this option.</param>
    public WrittenCapture Interface(ushort link = 1, uint snapLength = 0, byte? resolution = null, int? offset = null) => Block(1, body =>
    {
        body.Shorts(link, 0).Words(snapLength);
        // A name of 3 bytes and its padding.
        body.Shorts(2, 3).Add("eth\0"u8);
        if (resolution is { } r)
            body.Shorts(9, 1).Add([r, 0, 0, 0]);
        if (offset is { } o)
            body.Shorts(14, 8).Words(isBig ? [(uint)(o >> 31), (uint)o] : [(uint)o, (uint)(o >> 31)]);
        body.Shorts(0, 0);
    });

    public WrittenCapture Enhanced(uint source, ulong time, byte[] frame, int length) => Block(6, body => body
        .Words(source, (uint)(time >> 32), (uint)time, (uint)frame.Length, (uint)length).Add(frame).Pad().Shorts(1, 5).Add("hello\0\0\0"u8).Shorts(0, 0));

    public WrittenCapture Obsolete(ushort source, ulong time, byte[] frame, int length) => Block(2, body => body
        .Shorts(source, 9).Words((uint)(time >> 32), (uint)time, (uint)frame.Length, (uint)length).Add(frame).Pad());

    public WrittenCapture Simple(byte[] frame, int length) => Block(3, body => body.Words((uint)length).Add(frame).Pad());

    public WrittenCapture Block(uint type, Action<WrittenCapture> write)
    {
        var body = new WrittenCapture(isBig);
        write(body);
        var length = (uint)body._bytes.Count + 12;
        return Words(type, length).Add(body.Bytes).Words(length);
    }

    public WrittenCapture Add(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public WrittenCapture Pad() => Add(new byte[-_bytes.Count & 3]);
}
