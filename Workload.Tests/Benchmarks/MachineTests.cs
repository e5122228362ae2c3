using System.Diagnostics;
using Processes;
using Sidecar.Benchmarks;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Machine;
using Testing;
using Xunit;

namespace Workload.Tests.Benchmarks;

[SystemTest]
public sealed class MachineTests
{
    [Theory]
    [InlineData("7 (nginx) S 1 7 7 0 -1 4194560 500 0 0 0 123 456 9 8 20 0 1 0 100 0 0", 5.79)]
    [InlineData("7 (a) b (c 9 9) R 1 7 7 0 -1 4194560 500 0 0 0 1 0 9 8 20 0 1 0 100 0 0", 0.01)]
    public void Stat_AnyName_UserAndSystemTimeAreFound(string stat, double seconds) => Assert.Equal(seconds, ProcessTimes.Parse(stat), precision: 6);

    [Theory]
    [InlineData("")]
    [InlineData("7 (nginx) S 1 7")]
    [InlineData("7 (nginx) S 1 7 7 0 -1 4194560 500 0 0 0 x 456 9 8")]
    public void Stat_SomethingElse_IsAnError(string stat) => Assert.Throws<FormatException>(() => ProcessTimes.Parse(stat));

    [Fact]
    public void Status_ResidentMemory_IsInBytes()
    {
        Assert.Equal(65_536 * 1024, ProcessMemory.Parse("Name:\tx\nVmHWM:\t   99999 kB\nVmRSS:\t   65536 kB\nRssAnon:\t 1 kB\n"));
        Assert.Throws<FormatException>(() => ProcessMemory.Parse("Name:\tx\nState:\tZ (zombie)\n"));
    }

    [Fact]
    public void Cpu_OfThisProcess_IsWhatTheRuntimeSees()
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime.TotalSeconds;
        var seen = ProcessTimes.Of(Environment.ProcessId);
        self.Refresh();
        var after = self.TotalProcessorTime.TotalSeconds;
        // The kernel counts in hundredths, user mode and kernel each.
        Assert.InRange(seen, before - 0.03, after + 0.03);
    }

    [Fact]
    public async Task Family_OfAShellWithAChild_HoldsBoth()
    {
        await using var shell = ManagedProcess.Start(new ProcessCommand("sh", "sh", "-c", "sleep 60 & echo $!; wait"));
        await Eventually.TrueAsync(() => shell.StandardOutput.Count == 1);
        var child = int.Parse(shell.StandardOutput.Lines[0]);
        Assert.Equal([shell.Id, child], ProcFile.Family(shell.Id));
        Assert.True(ProcessMemory.Of(child) > 0);

        await shell.KillAsync();

        Assert.Throws<MeasureException>(() => ProcFile.Family(shell.Id));
    }

    [Theory]
    [InlineData("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", "2.6.12-1+deb12u4")]
    [InlineData("nginx version: nginx/1.22.1", "1.22.1")]
    [InlineData("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0-3+b2")]
    [InlineData("iperf 3.12 (cJSON 1.7.15)", "3.12")]
    [InlineData("no number", "unknown")]
    public void Version_OfEachProgram_IsFound(string text, string version) => Assert.Equal(version, ProgramVersions.Parse(text));

    [Fact]
    public void Settings_OfTheRuntime_AreThoseThatChangeTheFigures() => Assert.Equal(
        ["DOTNET_gcServer=1", "DOTNET_TieredPGO=0"],
        MachineFacts.Settings(new Dictionary<string, string?>
        {
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_gcServer"] = "1",
            ["GC"] = "2",
        }));

    [Fact]
    public void Cpu_BetweenTwoMoments_IsSummedByPart()
    {
        var earlier = new CpuUse(new Dictionary<string, Dictionary<int, double>> { ["a"] = new() { [1] = 1, [2] = 2 }, ["b"] = new() { [3] = 0 } });
        var later = new CpuUse(new Dictionary<string, Dictionary<int, double>> { ["a"] = new() { [1] = 1.5, [2] = 4 }, ["b"] = new() { [3] = 0.25 } });
        Assert.Equal(new Dictionary<string, double> { ["a"] = 2.5, ["b"] = 0.25 }, later.Since(earlier));
    }

    [Fact]
    public void Cpu_WorkerWasReplaced_IsAnError()
    {
        var earlier = new CpuUse(new Dictionary<string, Dictionary<int, double>> { ["nginx"] = new() { [1] = 1, [2] = 2 } });
        var later = new CpuUse(new Dictionary<string, Dictionary<int, double>> { ["nginx"] = new() { [1] = 1, [9] = 0 } });
        Assert.Contains("nginx", Assert.Throws<MeasureException>(() => later.Since(earlier)).Message, StringComparison.Ordinal);
    }
}
