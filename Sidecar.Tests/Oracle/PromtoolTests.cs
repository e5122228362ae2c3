using System.Diagnostics;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

[SystemTest]
public sealed class PromtoolTests
{
    [Fact]
    public async Task Scrape_OfTheOracle_PassesPromtoolAndHoldsRuntimeAndProcess()
    {
        var promtool = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(promtool is null, "promtool is missing; the Debian package prometheus has it");
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

        using var check = Process.Start(new ProcessStartInfo(promtool!, ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await check.StandardInput.WriteAsync(text);
        check.StandardInput.Close();
        var problems = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", problems);
        Assert.Equal(0, check.ExitCode);
    }
}
