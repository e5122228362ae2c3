using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks.Report;

/// <summary>All that a run found out.</summary>
/// <param name="Time">When it ended.</param>
/// <param name="Took">How long it ran.</param>
/// <param name="Rounds">Rounds of loads that were ended.</param>
/// <param name="Unfinished">Why there is less than what was asked for, and how far it got; null when the run is done.</param>
/// <param name="Machine">Where.</param>
/// <param name="Versions">Of the programs of others, by name.</param>
/// <param name="Options">What was asked for.</param>
/// <param name="Samples">The figures.</param>
/// <param name="PartCosts">The costs of pairs, by process.</param>
/// <param name="Failures">What could not be measured: one line each.</param>
internal sealed record Comparison(
    DateTimeOffset Time, TimeSpan Took, int Rounds, string? Unfinished, MachineFacts Machine, IReadOnlyDictionary<string, string> Versions, CompareOptions Options,
    Samples Samples, PartCosts PartCosts, IReadOnlyList<string> Failures);
