using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>The header of a batch in a spool's file; the lines follow it. All numbers are little endian.</summary>
/// <param name="Length">Bytes of the lines.</param>
/// <param name="Count">The number of lines.</param>
/// <param name="Source">As of the batch.</param>
/// <param name="First">As of the batch.</param>
/// <param name="Ticks">The time of the batch, in UTC.</param>
/// <param name="Check">CRC-32C of the lines.</param>
internal readonly record struct SpoolFrame(int Length, int Count, ulong Source, long First, long Ticks, uint Check)
{
    /// <summary>Bytes of a header.</summary>
    public const int HeaderSize = 48;

    /// <summary>Where a header says whether its lines were sent. It is changed in place, and so has no checksum.</summary>
    public const int StateAt = 44;

    private const int LengthAt = 4;
    private const int CountAt = 8;
    private const int CheckAt = 12;
    private const int SourceAt = 16;
    private const int FirstAt = 24;
    private const int TicksAt = 32;
    private const int HeaderCheckAt = 40;

    private static ReadOnlySpan<byte> Mark => "LINE"u8;

    private static ReadOnlySpan<byte> Waiting => "wait"u8;

    /// <summary>The state of lines that were sent.</summary>
    public static ReadOnlySpan<byte> Sent => "sent"u8;

    /// <summary>Bytes of header and lines.</summary>
    public long Size => HeaderSize + (long)Length;

    /// <summary>The header of a batch.</summary>
    public static SpoolFrame Of(LineBatch batch) =>
        new(batch.Lines.Length, batch.Count, batch.Source, batch.First, batch.Time.UtcTicks, Checksum(batch.Lines.Span));

    /// <summary>Reads a header.</summary>
    /// <param name="header">Its bytes.</param>
    /// <param name="frame">The header.</param>
    /// <param name="isSent">Whether its lines were sent; if that is unknown, they were not.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> header, out SpoolFrame frame, out bool isSent)
    {
        (frame, isSent) = (default, false);
        if (header.Length < HeaderSize || !header.StartsWith(Mark) || BinaryPrimitives.ReadUInt32LittleEndian(header[HeaderCheckAt..]) != Checksum(header[..HeaderCheckAt]))
            return false;
        frame = new SpoolFrame(
            BinaryPrimitives.ReadInt32LittleEndian(header[LengthAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[CountAt..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[SourceAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[FirstAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[TicksAt..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[CheckAt..]));
        isSent = header[StateAt..].StartsWith(Sent);
        return frame is { Length: > 0, Count: > 0 };
    }

    /// <summary>Writes the header of lines that wait.</summary>
    public byte[] ToBytes()
    {
        var header = new byte[HeaderSize];
        Mark.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(LengthAt), Length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(CountAt), Count);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(CheckAt), Check);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(SourceAt), Source);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(FirstAt), First);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(TicksAt), Ticks);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(HeaderCheckAt), Checksum(header.AsSpan(0, HeaderCheckAt)));
        Waiting.CopyTo(header.AsSpan(StateAt));
        return header;
    }

    /// <summary>The batch; null if these are not its lines.</summary>
    public LineBatch? With(ReadOnlyMemory<byte> lines) =>
        Checksum(lines.Span) == Check ? new LineBatch(lines, Count, Source, First, new DateTimeOffset(Ticks, TimeSpan.Zero)) : null;

    /// <summary>CRC-32C, with the processor's instruction for it.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
