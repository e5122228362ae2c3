using System.CommandLine;
using Chassis;
using Sidecar.Benchmarks;
using Sidecar.Benchmarks.Measures;
using Testing;
using Xunit;

namespace Workload.Tests.Benchmarks;

public sealed class CompareCommandTests
{
    [Fact]
    public async Task Options_None_AreTheWholeComparison()
    {
        var options = await ReadAsync();
        Assert.Equal((5, 2, TimeSpan.FromMinutes(8), ""), (options.Rounds, options.Seconds, options.Budget, options.SidecarArgs));
        Assert.Equal(Step.Names.Where(name => name != Step.Routes), options.Steps);
        Assert.Contains("sidecar-xor", options.Candidates);
        Assert.Equal((null, null, null), (options.SidecarDll, options.Json, options.Output));
    }

    [Fact]
    public async Task Options_Quick_YieldToThoseGiven()
    {
        Assert.Equal((2, 1), await ReadAsync("--quick") is var quick ? (quick.Rounds, quick.Seconds) : default);
        Assert.Equal((2, 4), await ReadAsync("--quick", "--seconds", "4") is var longer ? (longer.Rounds, longer.Seconds) : default);
    }

    [Fact]
    public async Task Options_Minutes_LimitRoundsThatNobodyAskedFor()
    {
        Assert.Null((await ReadAsync("--rounds", "20")).Budget);
        Assert.Equal(TimeSpan.FromMinutes(3), (await ReadAsync("--rounds", "20", "--minutes", "3")).Budget);
        Assert.Equal(TimeSpan.FromMinutes(8), (await ReadAsync("--quick")).Budget);
    }

    [Fact]
    public async Task Options_Lists_AreSplit()
    {
        var options = await ReadAsync("--only", "requests, up,requests", "--candidates", "sidecar,haproxy");
        Assert.Equal(["requests", "up"], options.Steps);
        Assert.Equal(["sidecar", "haproxy"], options.Candidates);
    }

    [Theory]
    [InlineData("--rounds '0': 1 to 100 is expected", "--rounds", "0")]
    [InlineData("--seconds '61': 1 to 60 is expected", "--seconds", "61")]
    [InlineData("--seconds 'two': 1 to 60 is expected", "--seconds", "two")]
    [InlineData("--minutes '0': 1 to 1440 is expected", "--minutes", "0")]
    [InlineData("--rounds '99999999999': 1 to 100 is expected", "--rounds", "99999999999")]
    [InlineData("--only 'request': one of memory, requests, connections, up, down, bodies, raw-up, raw-down, routes is expected", "--only", "requests,request")]
    [InlineData("--candidates 'envoy': one of sidecar, sidecar-native, sidecar-xor, sidecar-affine, sidecar-table, sidecar-observed, sidecar-kafka, sidecar-hanging, haproxy, nginx, pair, tls-pair, pod, pod-10, pod-100 is expected", "--candidates", "envoy")]
    public async Task Options_OutOfRange_AreNamed(string message, params string[] words) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<UsageException>(() => ReadAsync(words))).Message);

    [Fact]
    public async Task Options_FilesThatCannotBe_AreRefusedBeforeTheRun()
    {
        using var folder = new TempFolder();
        var missing = folder.File("missing/figures.json");
        Assert.StartsWith($"--json '{missing}': ", (await Assert.ThrowsAsync<UsageException>(() => ReadAsync("--json", missing))).Message, StringComparison.Ordinal);
        var dll = folder.File("Sidecar.dll");
        Assert.Equal($"--sidecar-dll '{dll}': there is no such file", (await Assert.ThrowsAsync<UsageException>(() => ReadAsync("--sidecar-dll", dll))).Message);
    }

    [Fact]
    public async Task SidecarArgs_BeginWithDashes_AreTakenByTheShell()
    {
        CompareOptions? options = null;
        var command = BenchmarksCommand.Create(read =>
        {
            options = read;
            return Task.FromResult(0);
        });
        Assert.Equal(0, await ProgramShell.RunAsync(command, ["compare", "--sidecar-args", "--loops", "--quick"]));
        Assert.Equal(("--loops", 1), (options?.SidecarArgs, options?.Seconds));
    }

    private static async Task<CompareOptions> ReadAsync(params string[] words)
    {
        CompareOptions? options = null;
        var command = new RootCommand
        {
            CompareCommand.Create(read =>
            {
                options = read;
                return Task.FromResult(0);
            }),
        };
        var parsed = command.Parse(["compare", .. words]);
        Assert.Empty(parsed.Errors);
        await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);
        return options!;
    }
}
