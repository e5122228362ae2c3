namespace Packets;

/// <summary>A frame of a capture.</summary>
public readonly ref struct CapturedFrame
{
    /// <summary>What it begins with; null if that is not known here.</summary>
    public LinkType? Link { get; init; }

    /// <summary>Its bytes, as far as they were captured; valid until the next frame is read.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>How many bytes it had.</summary>
    public int WireLength { get; init; }

    /// <summary>Its time, in nanoseconds since 1970.</summary>
    public long Time { get; init; }
}
