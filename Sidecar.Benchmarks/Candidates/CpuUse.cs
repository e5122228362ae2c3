namespace Sidecar.Benchmarks.Candidates;

/// <summary>CPU seconds at one moment: by part, and there by process id.</summary>
internal sealed record CpuUse(IReadOnlyDictionary<string, Dictionary<int, double>> Parts)
{
    /// <summary>Seconds used since an earlier moment, by part.</summary>
    /// <exception cref="MeasureException">A worker was replaced in the meantime: it had died.</exception>
    public IReadOnlyDictionary<string, double> Since(CpuUse earlier) => Parts.ToDictionary(
        part => part.Key,
        part => part.Value.Keys.ToHashSet().SetEquals(earlier.Parts[part.Key].Keys)
            ? part.Value.Sum(process => process.Value - earlier.Parts[part.Key][process.Key])
            : throw new MeasureException($"a worker of {part.Key} ended under load"));
}
