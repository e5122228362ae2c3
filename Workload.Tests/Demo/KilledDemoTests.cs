using Demo.Programs;
using Processes;
using Testing;
using Workload.Tests.Processes;
using Xunit;

namespace Workload.Tests.Demo;

/// <summary>The demo as a program that somebody kills.</summary>
[SystemTest]
public sealed class KilledDemoTests
{
    // Six programs that start on a loaded machine.
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Kill_OfTheDemo_EndsItsPrograms()
    {
        await using var demo = ManagedProcess.Start(new ProcessCommand("demo", [.. BuiltPrograms.Locate().Run("Demo"), "--free-ports"]));
        await demo.WaitUntilReadyAsync(_ => Task.FromResult(demo.StandardOutput.Lines.Concat(demo.StandardError.Lines).Any(line => line.StartsWith("Open http", StringComparison.Ordinal))),
            Generous, TestContext.Current.CancellationToken);
        var programs = ProcessTable.ChildrenOf(demo.Id);
        Assert.Equal(6, programs.Count);

        demo.Signal(ProcessSignal.Kill);

        await Eventually.TrueAsync(() => !programs.Any(ProcessTable.IsRunning));
    }
}
