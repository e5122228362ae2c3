namespace Sidecar.Options;

/// <summary>Limits for the cost of one observed connection.</summary>
internal sealed record ObservationLimits
{
    public const int DefaultHeadBytes = 64 * 1024;

    /// <summary>For all connections, 32 MB: an idle one uses some 1 KB, one exchange in progress some 2 KB.</summary>
    public const long DefaultMemory = 32 * 1024 * 1024;

    // A share of the process's memory, for small containers: with no memory left at all, the runtime itself can end the process.
    private const int MostShare = 4;

    /// <summary>The default in this process: a quarter of its memory, if that is less.</summary>
    public static long DefaultMemoryHere => Math.Min(DefaultMemory, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MostShare);

    /// <summary>Most bytes of a head that are kept; default 64 KB. A larger head gives a truncated record.</summary>
    public int HeadBytes { get; init; } = DefaultHeadBytes;
}
