using global::Packets;
using Xunit;

namespace Sidecar.Tests.Packets;

/// <summary>A frame that was read.</summary>
internal sealed record ReadFrame(LinkType? Link, long Time, int WireLength, string Bytes);

/// <summary>What a reader makes of a capture.</summary>
internal sealed record ReadCapture(IReadOnlyList<ReadFrame> Frames, bool IsCut, long Unknown)
{
    public static ReadCapture Of(byte[] file, int bufferBytes = 64, int chunk = int.MaxValue)
    {
        using var stream = new ChunkStream(file, chunk);
        return Of(stream, bufferBytes);
    }

    public static ReadCapture Of(Stream file, int bufferBytes = 64)
    {
        var (reader, frames) = (new CaptureReader(file, bufferBytes), new List<ReadFrame>());
        while (reader.TryRead(out var frame))
            frames.Add(new ReadFrame(frame.Link, frame.Time, frame.WireLength, Convert.ToHexString(frame.Bytes)));
        Assert.Equal(frames.Count, reader.Frames);
        return new ReadCapture(frames, reader.IsCut, reader.UnknownFrames);
    }
}

/// <summary>A stream that gives a few bytes at a time, and grows.</summary>
internal sealed class ChunkStream(byte[] bytes, int chunk) : MemoryStream(bytes)
{
    /// <summary>Where it ends for now.</summary>
    public int End { get; set; } = bytes.Length;

    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(Math.Min(count, chunk), End - (int)Position));
}
