using Packets;

namespace Demo.Transparent.Capture;

/// <summary>A frame of a capture that is kept in memory.</summary>
/// <param name="Link">What it begins with.</param>
/// <param name="Time">Its time, in nanoseconds since 1970.</param>
/// <param name="Bytes">Its bytes, as far as they were captured.</param>
internal sealed record KeptFrame(LinkType Link, long Time, byte[] Bytes)
{
    /// <summary>All frames that are whole, of a link type that is known.</summary>
    public static List<KeptFrame> ReadAll(Stream capture)
    {
        var (reader, frames) = (new CaptureReader(capture), new List<KeptFrame>());
        while (reader.TryRead(out var frame))
        {
            if (frame.Link is { } link)
                frames.Add(new KeptFrame(link, frame.Time, frame.Bytes.ToArray()));
        }

        return frames;
    }
}
