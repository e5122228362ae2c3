namespace Sidecar.Benchmarks.Measures;

/// <summary>One figure of one round.</summary>
internal sealed record Sample(int Round, string Candidate, Quantity Quantity, double Value);

/// <summary>The figures of all rounds, and what they say together.</summary>
internal sealed class Samples
{
    private readonly List<Sample> _all = [];

    /// <summary>In the order in which they were measured.</summary>
    public IReadOnlyList<Sample> All => _all;

    public void Add(Sample sample) => _all.Add(sample);

    /// <summary>A candidate's figures.</summary>
    /// <returns>Null when there are none.</returns>
    public Spread? Of(string candidate, Quantity quantity) => Spread.Over(Figures(candidate, quantity).Values);

    /// <summary>A candidate's figures divided by those of another in the same round, so that what changes from round to round drops out.</summary>
    /// <returns>Null when no round has both.</returns>
    public Spread? Ratio(string candidate, string peer, Quantity quantity)
    {
        var peers = Figures(peer, quantity);
        return Spread.Over(
            from figure in Figures(candidate, quantity)
            where peers.TryGetValue(figure.Key, out var other) && other != 0
            select figure.Value / peers[figure.Key]);
    }

    private Dictionary<int, double> Figures(string candidate, Quantity quantity) =>
        _all.Where(s => s.Candidate == candidate && s.Quantity == quantity).ToDictionary(s => s.Round, s => s.Value);
}

/// <summary>The middle of some figures and how far they lie apart.</summary>
internal readonly record struct Spread(double Median, double Least, double Most)
{
    /// <summary>Null over nothing.</summary>
    public static Spread? Over(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        return sorted.Count == 0 ? null : new Spread(MedianOf(sorted), sorted[0], sorted[^1]);
    }

    private static double MedianOf(List<double> sorted) => sorted.Count % 2 == 1
        ? sorted[sorted.Count / 2]
        : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
}
