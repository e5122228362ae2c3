using System.Globalization;
using Demo.Programs;
using Demo.Transparent;
using Processes;
using Testing;
using Xunit;

namespace Workload.Tests.Demo.Transparent;

/// <summary>The demo as a program: how it refuses to start, and that it leaves nothing behind however it ends.</summary>
[Collection("Runs of the transparent demo")] // A starting run clears away what dead ones left: not while a test looks at it.
[SystemTest]
public sealed class TransparentDemoTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--transparent --free-ports", "--free-ports: not with --transparent")]
    [InlineData("--storage-through-sidecars", "--storage-through-sidecars: only with --transparent")]
    public async Task Options_ThatDoNotGoTogether_AreRefused(string words, string message) =>
        await RefusesAsync(Command(words.Split(' ')), message);

    [Fact]
    public async Task WithoutRoot_IsRefusedInOneLine()
    {
        RootTools.Require();
        // Another user, who may still read what was built.
        await RefusesAsync(
            Command("--transparent").RunBy("setpriv", "--reuid=1339", "--regid=1339", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
            "--transparent needs root (network namespaces and iptables); run it with sudo, or run ./demo without it");
    }

    [Fact]
    public async Task WithoutTheTools_NamesTheirPackages()
    {
        RootTools.Require();
        using var empty = new TempFolder();

        await RefusesAsync(Command("--transparent", "--verify").RunBy("/usr/bin/env", $"PATH={empty.Root}"),
            "needs ip, iptables, setpriv, tcpdump; install iproute2 iptables util-linux tcpdump");
    }

    [Fact]
    public async Task ADyingProgram_EndsTheDemoWithAnError()
    {
        RootTools.Require();
        await using var demo = await StartAsync();

        Signals.Send(int.Parse((await ShortCommand.RunAsync("ip", "netns", "pids", new RunName(demo.Id).Prefix + "oracle"))[0], CultureInfo.InvariantCulture), ProcessSignal.Kill);

        Assert.Equal(1, await demo.Exited.WaitAsync(Generous, Cancel));
        Assert.Contains("demo: oracle was ended by signal 9", demo.StandardError.Lines);
        Assert.Empty(RunRemains.Of(new RunName(demo.Id)));
    }

    [Fact]
    public async Task AKilledDemo_IsClearedAwayByTheNext()
    {
        RootTools.Require();
        await using var killed = await StartAsync();
        killed.Signal(ProcessSignal.Kill);
        await killed.Exited;
        Assert.NotEmpty(RunRemains.Of(new RunName(killed.Id)));

        await using var next = await StartAsync();

        Assert.Empty(RunRemains.Of(new RunName(killed.Id)));
        Assert.Equal(StopOutcome.Terminated, await next.StopAsync(Generous));
        Assert.Equal(0, await next.Exited);
        Assert.Empty(RunRemains.Of(new RunName(next.Id)));
    }

    // The words of the built demo, so that the process's id is the demo's own.
    private static ProcessCommand Command(params string[] words) => new("demo", [.. BuiltPrograms.Locate().Run("Demo"), .. words]);

    private static async Task RefusesAsync(ProcessCommand command, string message)
    {
        await using var demo = ManagedProcess.Start(command);
        Assert.Equal(2, await demo.Exited.WaitAsync(Generous, Cancel));
        Assert.Contains(message, Assert.Single(demo.StandardError.Lines), StringComparison.Ordinal);
    }

    private static async Task<ManagedProcess> StartAsync()
    {
        var demo = ManagedProcess.Start(Command("--transparent"));
        try
        {
            await demo.WaitUntilReadyAsync(_ => Task.FromResult(demo.StandardOutput.Lines.Any(line => line.StartsWith("Open http://", StringComparison.Ordinal))), Generous, Cancel);
            return demo;
        }
        catch
        {
            await demo.DisposeAsync();
            throw;
        }
    }
}
