using System.Text.RegularExpressions;
using Sidecar.Benchmarks.Machine;
using Testing;
using Xunit;

namespace Workload.Tests.Benchmarks;

/// <summary><c>captures</c> as a process, with the programs that it measures.</summary>
[SystemTest]
public sealed class CapturesRunTests
{
    [Fact]
    public async Task Captures_HasARowForEachProgram()
    {
        RootTools.Require("tcpdump", "tshark", "h2load");
        Assert.SkipUnless(DebianPrograms.AreThere, "haproxy, nginx with its stream module, wrk or iperf3 is missing");
        using var folder = new TempFolder();
        var report = folder.File("report.md");

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar.Benchmarks", "captures", "--rounds", "1", "--seconds", "1", "--exchanges", "5000", "--output", report);

        Assert.True(code == 0, string.Join('\n', errors));
        Assert.Equal(File.ReadAllLines(report), output);
        foreach (var program in new[] { "Sidecar observe, ebpf", "Sidecar observe, packet", "tcpdump, to /dev/null" })
            Assert.Single(output, line => line.StartsWith($"| {program} ", StringComparison.Ordinal));
        // Beside passing packets, and of a file.
        Assert.Equal(2, output.Count(line => line.StartsWith("| tshark, HTTP ", StringComparison.Ordinal)));
        Assert.Single(output, line => line.StartsWith("| Sidecar observe ", StringComparison.Ordinal));
        Assert.Contains(output, line => Regex.IsMatch(line, "^## A file of 1[0-9],[0-9]{3} packets$", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }
}
