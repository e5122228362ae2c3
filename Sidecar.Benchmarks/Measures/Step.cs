using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Load;

namespace Sidecar.Benchmarks.Measures;

/// <summary>One kind of load, put on each of its candidates in turn in every round.</summary>
/// <param name="Name">The word on the command line.</param>
/// <param name="Cost">The candidate's CPU time for what was done.</param>
/// <param name="CostScale">CPU seconds divided by operations, times this, is the cost.</param>
/// <param name="Load">Puts it on one candidate for some seconds.</param>
/// <param name="Candidates">Who is measured.</param>
/// <param name="IsByDefault">Whether it is done if the user names no steps.</param>
internal sealed record Step(
    string Name, Quantity Cost, double CostScale, Func<Loads, RunningCandidate, int, CancellationToken, Task<LoadReport>> Load, IReadOnlyList<string> Candidates,
    bool IsByDefault = true)
{
    private const double Micro = 1e6;
    private const double Giga = 1e9;

    private static readonly string[] WithHttp =
        [CandidateList.Haproxy, CandidateList.Sidecar, CandidateList.Nginx, CandidateList.TlsPair, CandidateList.Pair];

    // What observes stands beside what does not.
    private static readonly string[] WithRecords =
        [CandidateList.Haproxy, CandidateList.SidecarObserved, CandidateList.SidecarKafka, CandidateList.SidecarHanging, CandidateList.Sidecar, CandidateList.Nginx, CandidateList.TlsPair, CandidateList.Pair];

    // A sidecar alone that transforms meets no other to take it back: neither HTTP nor iperf3's own messages survive.
    private static readonly string[] WithAnyBytes = [CandidateList.Haproxy, CandidateList.SidecarXor, CandidateList.Sidecar, CandidateList.SidecarAffine, CandidateList.SidecarTable];

    /// <summary>In the order of a round.</summary>
    public static IReadOnlyList<Step> All { get; } =
    [
        new("requests", Quantity.CpuPerRequest, Micro, (loads, on, seconds, cancel) => loads.RequestsAsync(on, seconds, cancel), WithRecords),
        new("connections", Quantity.CpuPerConnection, Micro, (loads, on, seconds, cancel) => loads.ConnectionsAsync(on, seconds, cancel), WithHttp),
        new("up", Quantity.CpuPerGbUp, Giga, (loads, on, seconds, cancel) => loads.IperfAsync(on, seconds, Direction.Up, cancel), WithHttp),
        new("down", Quantity.CpuPerGbDown, Giga, (loads, on, seconds, cancel) => loads.IperfAsync(on, seconds, Direction.Down, cancel), WithHttp),
        new("bodies", Quantity.CpuPerGbBodies, Giga, (loads, on, seconds, cancel) => loads.BodiesAsync(on, seconds, cancel), [CandidateList.Sidecar, CandidateList.SidecarObserved]),
        new("raw-up", Quantity.RawCpuPerGbUp, Giga, (loads, on, seconds, cancel) => loads.RawUpAsync(on, seconds, cancel), WithAnyBytes),
        new("raw-down", Quantity.RawCpuPerGbDown, Giga, (loads, on, seconds, cancel) => loads.RawDownAsync(on, seconds, cancel), WithAnyBytes),
        new(Routes, Quantity.CpuPerConnection, Micro, (loads, on, seconds, cancel) => loads.SocksAsync(on, seconds, cancel), CandidateList.Pods, IsByDefault: false),
    ];

    /// <summary>The step that measures what routes cost.</summary>
    public const string Routes = "routes";

    /// <summary>The step without load: memory at rest and of idle connections, and how long a start takes.</summary>
    public const string Memory = "memory";

    /// <summary>The candidates with a start that the memory step measures: the builds of the same program.</summary>
    public static IReadOnlyList<string> TimedStarts { get; } = [CandidateList.Sidecar, CandidateList.SidecarNative];

    /// <summary>Every name that the command line knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [Memory, .. All.Select(step => step.Name)];

    /// <summary>Those of them that are done if the user names none: as many as fit into the time of a run.</summary>
    public static IReadOnlyList<string> ByDefault { get; } = [Memory, .. All.Where(step => step.IsByDefault).Select(step => step.Name)];
}
