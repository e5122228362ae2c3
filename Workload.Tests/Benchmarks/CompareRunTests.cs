using System.Text.RegularExpressions;
using Demo.Programs;
using Processes;
using Sidecar.Benchmarks.Machine;
using Testing;
using Xunit;

namespace Workload.Tests.Benchmarks;

/// <summary><c>compare</c> as a process, with the programs that it measures.</summary>
[SystemTest]
public sealed partial class CompareRunTests
{
    [Theory]
    [InlineData(ProcessSignal.Interrupt)]
    [InlineData(ProcessSignal.Terminate)]
    public async Task Compare_ToldToStop_LeavesTheReportSoFar(ProcessSignal signal)
    {
        Assert.SkipUnless(DebianPrograms.AreThere, "haproxy, nginx with its stream module, wrk or iperf3 is missing");
        Assert.SkipWhen(BuiltPrograms.Locate().Output.Contains("Debug", StringComparison.Ordinal), "a debug build measures nothing");
        using var folder = new TempFolder();
        var (report, json) = (folder.File("report.md"), folder.File("figures.json"));
        await using var compare = ProgramProcess.Start("Sidecar.Benchmarks",
            "compare", "--only", "requests", "--candidates", "haproxy", "--rounds", "50", "--seconds", "1", "--output", report, "--json", json);

        await compare.ErrorLineAsync("round 1 of 50");
        await Eventually.TrueAsync(async () => RunningReport().IsMatch(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken)));
        compare.Signal(signal);

        Assert.Equal(1, await compare.ExitCodeAsync());
        Assert.Contains("compare: interrupted", compare.Errors[^1], StringComparison.Ordinal);
        Assert.Matches(@"- \*\*unfinished\*\*: it was interrupted, after round \d+ of 50\n", await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        Assert.Contains("it was interrupted", await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains(compare.Output, line => line.StartsWith("- **unfinished**: it was interrupted, after round", StringComparison.Ordinal));
    }

    // With a figure.
    [GeneratedRegex(@"- \*\*unfinished\*\*: it still runs, after round \d of 50\n[^#]*## Figures[^#]*\| CPU per keep-alive request +\| +µs \| +\d", RegexOptions.None, 1000)]
    private static partial Regex RunningReport();
}
