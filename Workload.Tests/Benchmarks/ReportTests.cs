using System.Text.Json;
using Sidecar.Benchmarks;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Measures;
using Sidecar.Benchmarks.Report;
using Xunit;

namespace Workload.Tests.Benchmarks;

public sealed class ReportTests
{
    private readonly Samples _samples = new();
    private readonly PartCosts _parts = new();
    private readonly List<string> _failures = [];

    public ReportTests()
    {
        foreach (var (round, sidecar, haproxy) in new[] { (1, 7.2, 8.0), (2, 9.0, 9.0), (3, 6.4, 8.0) })
        {
            _samples.Add(new Sample(round, CandidateList.Sidecar, Quantity.CpuPerRequest, sidecar));
            _samples.Add(new Sample(round, CandidateList.Haproxy, Quantity.CpuPerRequest, haproxy));
        }

        _samples.Add(new Sample(1, CandidateList.Sidecar, Quantity.AtRest, 72.5));
        _parts.Add(new PartCost(1, CandidateList.Pair, "oracle", Quantity.CpuPerConnection, 12.5));
    }

    [Fact]
    public void Markdown_Ratio_ShowsMedianSpreadLimitsAndVerdict()
    {
        var cells = Row("CPU per keep-alive request, sidecar");
        Assert.Equal(["0.90 (0.80 – 1.00)", "HAProxy", "≤ 0.95", "≤ 0.8", "required", "–"], cells);
    }

    [Fact]
    public void Markdown_AbsoluteGoal_IsJudgedByTheFigureItself() =>
        Assert.Equal(["72.5 MB", "–", "≤ 60", "≤ 40", "no", "–"], Row("resident at rest, sidecar"));

    [Fact]
    public void Markdown_NothingMeasured_HasNoRow()
    {
        var text = MarkdownReport.Write(Comparison());
        Assert.DoesNotContain("p99 at 64 connections, sidecar", text, StringComparison.Ordinal);
        Assert.DoesNotContain("## Failed", text, StringComparison.Ordinal);
        Assert.Contains("p1 + p2, xor: oracle", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Markdown_Failures_AreNamed()
    {
        _failures.Add("HAProxy: requests: wrk: Non-2xx or 3xx responses: 12");
        Assert.EndsWith("## Failed\n\n- HAProxy: requests: wrk: Non-2xx or 3xx responses: 12\n", MarkdownReport.Write(Comparison()), StringComparison.Ordinal);
    }

    [Fact]
    public void Markdown_Head_SaysHowTheSidecarWasStarted() => Assert.Contains(
        "`dotnet Sidecar/bin/Release/net10.0/Sidecar.dll --connection-records off --log-level warning --loops 2`, .NET 10, DOTNET_TieredPGO=0\n", MarkdownReport.Write(Comparison()), StringComparison.Ordinal);

    [Fact]
    public void Report_OfARunThatGoesOn_SaysHowFarItGot()
    {
        Assert.Contains("\n- **unfinished**: it was interrupted, after round 2 of 5\n", MarkdownReport.Write(Comparison("it was interrupted, after round 2 of 5")), StringComparison.Ordinal);
        Assert.DoesNotContain("unfinished", MarkdownReport.Write(Comparison()), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(JsonReport.Write(Comparison("it still runs, after round 2 of 5")));
        Assert.Equal("it still runs, after round 2 of 5", json.RootElement.GetProperty("unfinished").GetString());
    }

    [Fact]
    public void Json_Goal_HoldsRatioAndVerdict()
    {
        using var json = JsonDocument.Parse(JsonReport.Write(Comparison()));
        var goal = json.RootElement.GetProperty("goals").EnumerateArray().First();
        Assert.Equal("cpu_us_per_request", goal.GetProperty("quantity").GetString());
        Assert.Equal(0.9, goal.GetProperty("median").GetDouble(), precision: 9);
        Assert.Equal("required", goal.GetProperty("reached").GetString());
        var figure = json.RootElement.GetProperty("figures").EnumerateArray().First();
        Assert.Equal([7.2, 9.0, 6.4], figure.GetProperty("rounds").EnumerateArray().Select(value => value.GetDouble()));
    }

    [Fact]
    public void Table_Columns_LineUp()
    {
        var table = new TextTable("name", "figure");
        table.Add("a longer name", "1");
        table.Add("b", "1,234,567");
        Assert.Equal("""
            | name          |    figure |
            |---------------|----------:|
            | a longer name |         1 |
            | b             | 1,234,567 |

            """, table.ToString());
    }

    private string[] Row(string title)
    {
        var line = Assert.Single(MarkdownReport.Write(Comparison()).Split('\n'), line => line.StartsWith($"| {title} ", StringComparison.Ordinal));
        return [.. line.Split('|', StringSplitOptions.TrimEntries)[2..^1]];
    }

    private Comparison Comparison(string? unfinished = null) => new(
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), TimeSpan.FromSeconds(75), 3, unfinished, new MachineFacts("a processor", 2, 8_000_000_000, "Linux 6", ".NET 10", ["DOTNET_TieredPGO=0"]),
        new Dictionary<string, string> { ["HAProxy"] = "2.6" },
        new CompareOptions(3, 1, null, Step.Names, [.. CandidateList.All.Select(c => c.Name)], null, "--loops 2", null, null), _samples, _parts, _failures);
}
