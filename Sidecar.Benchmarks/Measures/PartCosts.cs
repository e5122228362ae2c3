namespace Sidecar.Benchmarks.Measures;

/// <summary>How the cost of a candidate of several processes divides among them.</summary>
internal sealed class PartCosts
{
    private readonly List<PartCost> _all = [];

    /// <summary>In the order in which they were measured.</summary>
    public IReadOnlyList<PartCost> All => _all;

    public void Add(PartCost cost) => _all.Add(cost);

    /// <summary>The candidates and parts that there are.</summary>
    public IEnumerable<(string Candidate, string Part)> Parts => _all.Select(cost => (cost.Candidate, cost.Part)).Distinct();

    public Spread? Of(string candidate, string part, Quantity quantity) =>
        Spread.Over(_all.Where(c => c.Candidate == candidate && c.Part == part && c.Quantity == quantity).Select(c => c.Value));
}

/// <summary>One process's share of a cost in one round.</summary>
internal sealed record PartCost(int Round, string Candidate, string Part, Quantity Quantity, double Value);
