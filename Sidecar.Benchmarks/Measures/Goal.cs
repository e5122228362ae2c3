using Sidecar.Benchmarks.Candidates;

namespace Sidecar.Benchmarks.Measures;

/// <summary>What a figure has to reach: costs at most, rates at least.</summary>
/// <param name="Quantity">What is measured.</param>
/// <param name="Subject">The candidate with this figure.</param>
/// <param name="Peer">What it is divided by in each round; null: the figure itself counts.</param>
/// <param name="Required">Not to be missed.</param>
/// <param name="Aim">Wanted; null where nothing beyond the required is.</param>
internal sealed record Goal(Quantity Quantity, string Subject, string? Peer, double Required, double? Aim)
{
    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<Goal> All { get; } =
    [
        Alone(Quantity.CpuPerRequest, 0.95, 0.80),
        Alone(Quantity.CpuPerGbUp, 0.75, 0.60),
        Alone(Quantity.CpuPerGbDown, 0.75, 0.60),
        new(Quantity.RawCpuPerGbUp, CandidateList.SidecarXor, CandidateList.Haproxy, 0.82, 0.66),
        new(Quantity.RawCpuPerGbDown, CandidateList.SidecarXor, CandidateList.Haproxy, 0.82, 0.66),
        BesideIdt(Quantity.RawCpuPerGbUp, CandidateList.SidecarAffine, 1.10),
        BesideIdt(Quantity.RawCpuPerGbDown, CandidateList.SidecarAffine, 1.10),
        BesideIdt(Quantity.RawCpuPerGbUp, CandidateList.SidecarTable, 1.15),
        BesideIdt(Quantity.RawCpuPerGbDown, CandidateList.SidecarTable, 1.15),
        new(Quantity.CpuPerRequest, CandidateList.SidecarObserved, CandidateList.Sidecar, 1.5, 1.25),
        new(Quantity.CpuPerRequest, CandidateList.SidecarKafka, CandidateList.SidecarObserved, 1.5, 1.25),
        new(Quantity.CpuPerRequest, CandidateList.SidecarHanging, CandidateList.SidecarObserved, 1.05, 1),
        new(Quantity.CpuPerGbBodies, CandidateList.SidecarObserved, CandidateList.Sidecar, 1.03, null),
        Alone(Quantity.CpuPerConnection, 1.4, 1.0),
        Alone(Quantity.P99, 1.1, 0.8),
        Alone(Quantity.RateUp, 1.2, 1.4),
        Alone(Quantity.RateDown, 1.2, 1.4),
        Alone(Quantity.Idle1000, 1.2, 0.6),
        Alone(Quantity.Idle4000, 1.2, 0.6),
        new(Quantity.AtRest, CandidateList.Sidecar, null, 60, 40),
        new(Quantity.AtRest, CandidateList.SidecarNative, null, 25, null),
        new(Quantity.FirstAnswer, CandidateList.SidecarNative, CandidateList.Sidecar, 0.4, null),
        new(Quantity.AfterLoad, CandidateList.Sidecar, null, 80, 50),
        Pair(Quantity.CpuPerRequest, 0.8, 0.6),
        Pair(Quantity.CpuPerConnection, 0.25, 0.12),
        Pair(Quantity.CpuPerGbUp, 0.5, 0.4),
        Pair(Quantity.CpuPerGbDown, 0.5, 0.4),
        new(Quantity.CpuPerConnection, CandidateList.PodTenRoutes, CandidateList.Pod, 1.05, null),
        new(Quantity.CpuPerConnection, CandidateList.PodHundredRoutes, CandidateList.Pod, 1.05, null),
    ];

    /// <summary>How a figure, or a ratio, stands to it.</summary>
    public Verdict Judge(double value) => Aim is { } aim && Reaches(value, aim) ? Verdict.Aim : Reaches(value, Required) ? Verdict.Required : Verdict.Missed;

    private bool Reaches(double value, double limit) => Quantity.MoreIsBetter ? value >= limit : value <= limit;

    private static Goal Alone(Quantity quantity, double required, double aim) => new(quantity, CandidateList.Sidecar, CandidateList.Haproxy, required, aim);

    private static Goal BesideIdt(Quantity quantity, string subject, double required) => new(quantity, subject, CandidateList.Sidecar, required, null);

    private static Goal Pair(Quantity quantity, double required, double aim) => new(quantity, CandidateList.Pair, CandidateList.TlsPair, required, aim);
}

/// <summary>How far a figure got.</summary>
internal enum Verdict
{
    /// <summary>Worse than required.</summary>
    Missed,

    /// <summary>As required.</summary>
    Required,

    /// <summary>As wanted.</summary>
    Aim,
}
