using System.Net;

namespace Sidecar.Capture;

/// <summary>
/// What the kernel filters by; an empty list means all. While it is unknown which end of a connection is its server, because the
/// connection was there before the capture, packets pass if either end could be.
/// </summary>
internal sealed record CaptureFilter
{
    /// <summary>Everything.</summary>
    public static CaptureFilter All { get; } = new();

    /// <summary>Ports of servers; at most 1,024.</summary>
    public IReadOnlyList<int> ServerPorts { get; init; } = [];

    /// <summary>Networks of servers; at most 1,024.</summary>
    public IReadOnlyList<IPNetwork> Included { get; init; } = [];

    /// <summary>Networks of servers that are left out, also of those that are included; at most 1,024.</summary>
    public IReadOnlyList<IPNetwork> Excluded { get; init; } = [];

    /// <summary>Ids of cgroups, each with those below it, of either end; at most 4,096. Only eBPF knows them.</summary>
    public IReadOnlyList<ulong> Cgroups { get; init; } = [];
}
