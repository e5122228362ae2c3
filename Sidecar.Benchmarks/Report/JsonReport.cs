using System.Text.Encodings.Web;
using System.Text.Json;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks.Report;

/// <summary>The report for programs: every figure of every round, and the goals.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        // A file for programs, not a part of a page: "+" may stay "+".
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(Comparison comparison)
    {
        var (samples, options) = (comparison.Samples, comparison.Options);
        return JsonSerializer.Serialize(
            new
            {
                comparison.Time,
                Seconds = comparison.Took.TotalSeconds,
                comparison.Rounds,
                comparison.Unfinished,
                comparison.Machine,
                comparison.Versions,
                Options = new { options.Rounds, options.Seconds, options.Steps, options.Candidates, options.SidecarArgs, SidecarDll = options.SidecarDll?.ToString() },
                Goals = from goal in Goal.All
                        let figure = goal.Peer is { } peer ? samples.Ratio(goal.Subject, peer, goal.Quantity) : samples.Of(goal.Subject, goal.Quantity)
                        where figure is not null
                        select new
                        {
                            Quantity = goal.Quantity.Name,
                            goal.Subject,
                            goal.Peer,
                            figure.Value.Median,
                            figure.Value.Least,
                            figure.Value.Most,
                            goal.Required,
                            goal.Aim,
                            Reached = goal.Judge(figure.Value.Median).ToString().ToLowerInvariant(),
                        },
                Figures = from candidate in CandidateList.All
                          from quantity in Quantity.All
                          let figure = samples.Of(candidate.Name, quantity)
                          where figure is not null
                          select new
                          {
                              Candidate = candidate.Name,
                              Quantity = quantity.Name,
                              figure.Value.Median,
                              Rounds = samples.All.Where(s => s.Candidate == candidate.Name && s.Quantity == quantity).Select(s => s.Value),
                          },
                Parts = comparison.PartCosts.All.Select(cost => new { cost.Round, cost.Candidate, cost.Part, Quantity = cost.Quantity.Name, cost.Value }),
                comparison.Failures,
            },
            Format) + "\n";
    }
}
