using System.Buffers.Binary;

namespace Packets;

/// <summary>
/// Reads a capture, in the format pcap (draft-ietf-opsawg-pcap) or pcapng (draft-ietf-opsawg-pcapng), from a file or while it is written.
/// Its memory does not depend on the length of the capture.
/// </summary>
/// <param name="stream">The capture; it stays open.</param>
/// <param name="bufferBytes">How much is read at a time.</param>
public sealed class CaptureReader(Stream stream, int bufferBytes = CaptureReader.DefaultBufferBytes)
{
    /// <summary>Few calls for a fast disk.</summary>
    public const int DefaultBufferBytes = 256 * 1024;

    /// <summary>The largest packet; libpcap's own limit is 128 MB for USB, but 256 KB for networks.</summary>
    public const int MaxPacketBytes = 16 * 1024 * 1024;

    private const int MagicBytes = 4;

    private readonly StreamWindow _window = new(stream, bufferBytes);
    private ICaptureFormat? _format;

    /// <summary>Whether the capture ended in the midst of something when the last look found no frame.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Frames so far.</summary>
    public long Frames { get; private set; }

    /// <summary>Those of them whose link type is not known here.</summary>
    public long UnknownFrames { get; private set; }

    /// <summary>Reads the next frame; false if the capture has no further whole one. When it has grown, a later call goes on.</summary>
    /// <exception cref="FormatException">It is no capture, or damaged; the message says where.</exception>
    public bool TryRead(out CapturedFrame frame)
    {
        frame = default;
        IsCut = false;
        if ((_format ??= Detect()) is { } format && format.TryRead(out frame))
        {
            Frames++;
            UnknownFrames += frame.Link is null ? 1 : 0;
            return true;
        }

        IsCut = _format is not { IsWhole: true };
        return false;
    }

    private ICaptureFormat? Detect()
    {
        if (!_window.Has(MagicBytes))
            return null;
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(_window.Bytes);
        if (magic == PcapNgFormat.SectionHeader)
            return new PcapNgFormat(_window);
        return PcapFormat.IsMagic(magic) || PcapFormat.IsMagic(BinaryPrimitives.ReverseEndianness(magic))
            ? new PcapFormat(_window)
            : throw CaptureFault.At(_window.Position, "the magic number of pcap or pcapng", Shown(magic));
    }

    private static string Shown(uint magic) => magic switch
    {
        _ when (magic & 0xFFFF) == 0x8B1F => "a gzip file: unpack it first (gzip -d)",
        0xFD2FB528 => "a zstd file: unpack it first (zstd -d)",
        0x184D2204 => "an lz4 file: unpack it first (lz4 -d)",
        0x587A37FD => "an xz file: unpack it first (xz -d)",
        _ => $"0x{BinaryPrimitives.ReverseEndianness(magic):X8}",
    };
}
