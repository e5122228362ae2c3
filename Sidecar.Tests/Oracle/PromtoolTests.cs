using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

[SystemTest]
public sealed class PromtoolTests
{
    [Fact]
    public async Task Scrape_OfTheOracle_PassesPromtoolAndHoldsRuntimeAndProcess()
    {
        await using var oracle = await RunningOracle.StartAsync("default: random");
        await oracle.AskAsync("hello p2 a 10.0.0.1 5\n");
        await oracle.AskAsync("nonsense\n");
        await oracle.MetricAsync("oracle_answer_seconds_count 1");
        var text = await oracle.MetricsAsync();
        foreach (var expected in new[]
        {
            "oracle_questions_total{role=\"inbound\",result=\"granted\"} 1\n", "oracle_questions_total{role=\"none\",result=\"malformed\"} 1\n",
            "oracle_decisions_pending 1\n", "oracle_policy_generation 1\n", "oracle_audit_records_dropped_total 0\n",
            "# TYPE process_cpu_seconds_total counter\n", "# TYPE process_resident_memory_bytes gauge\n", "# TYPE dotnet_gc_collections_total counter\n",
        })
            Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.DoesNotContain("kestrel", text, StringComparison.Ordinal);

        Assert.Equal("", await Promtool.CheckMetricsAsync(text));
    }
}
