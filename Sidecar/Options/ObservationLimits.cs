namespace Sidecar.Options;

/// <summary>What one observed connection may cost.</summary>
internal sealed record ObservationLimits
{
    public const int DefaultHeadBytes = 64 * 1024;

    /// <summary>Of all connections, 32 MB: an idle one takes some 1 KB, one exchange under way some 2 KB.</summary>
    public const long DefaultMemory = 32 * 1024 * 1024;

    // Of what the process may have, in a small container: where there is none left at all, the runtime itself may end it.
    private const int MostShare = 4;

    /// <summary>The default within this process: a quarter of the memory that it may have where that is less.</summary>
    public static long DefaultMemoryHere => Math.Min(DefaultMemory, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MostShare);

    /// <summary>Most bytes of a head that are kept; default 64 KB. A larger one gives a truncated record.</summary>
    public int HeadBytes { get; init; } = DefaultHeadBytes;
}
