using System.Diagnostics;
using Processes;
using Testing;
using Xunit;

namespace Workload.Tests.Processes;

[SystemTest]
public sealed class ManagedProcessTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exited_OfAProgramThatEnds_GivesItsCodeAndAllItsLines()
    {
        await using var process = Sh("echo one; echo two; echo wrong >&2; exit 7");

        Assert.Equal(7, await process.Exited.WaitAsync(Generous, Cancel));
        Assert.Equal(["one", "two"], process.StandardOutput.Lines);
        Assert.Equal(["wrong"], process.StandardError.Lines);
    }

    [Fact]
    public void Start_OfAMissingProgram_NamesIt()
    {
        var error = Assert.Throws<ProcessFailedException>(() => ManagedProcess.Start(new ProcessCommand("p1", "/no/such/program")));

        Assert.StartsWith("p1: cannot run '/no/such/program': ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithWordsThatAShellWouldExpand_PassesThemUnchanged()
    {
        await using var process = ManagedProcess.Start(new ProcessCommand("echo", "echo", "a b", "$HOME", "*", "\"'"));

        await process.Exited.WaitAsync(Generous, Cancel);
        Assert.Equal(["a b $HOME * \"'"], process.StandardOutput.Lines);
    }

    [Fact]
    public async Task RunBy_AnotherProgram_PutsItsWordsInFront()
    {
        await using var process = ManagedProcess.Start(new ProcessCommand("inner", "sh", "-c", "echo $GREETING").RunBy("env", "GREETING=hello"));

        await process.Exited.WaitAsync(Generous, Cancel);
        Assert.Equal(["hello"], process.StandardOutput.Lines);
    }

    [Fact]
    public async Task Start_GivesNoStandardInput()
    {
        await using var process = ManagedProcess.Start(new ProcessCommand("cat", "cat"));

        Assert.Equal(0, await process.Exited.WaitAsync(Generous, Cancel));
    }

    [Fact]
    public async Task WaitUntilReady_OnceTheAnswerIsYes_Returns()
    {
        await using var process = Sleep();
        var asked = 0;

        await process.WaitUntilReadyAsync(_ => Task.FromResult(++asked == 3), Generous, Cancel);

        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task WaitUntilReady_OfAProgramThatDies_TellsItsCodeAndLastWords()
    {
        await using var process = Sh("echo 'the port is in use' >&2; exit 2");

        var error = await Assert.ThrowsAsync<ProcessFailedException>(() => process.WaitUntilReadyAsync(_ => Task.FromResult(false), Generous, Cancel));

        Assert.Equal("sh ended with exit code 2 before it was ready\n  sh: the port is in use", error.Message);
    }

    [Fact]
    public async Task WaitUntilReady_WhileAProbeHangs_EndsAtTheLimit()
    {
        await using var process = Sleep();

        var error = await Assert.ThrowsAsync<ProcessFailedException>(() => process.WaitUntilReadyAsync(Never, TimeSpan.FromMilliseconds(100), Cancel));

        Assert.Equal("sleep was not ready after 0.1 s", error.Message);
    }

    [Fact]
    public async Task WaitUntilReady_WhenCancelled_SaysSo()
    {
        await using var process = Sleep();
        using var cancel = new CancellationTokenSource();

        var waiting = process.WaitUntilReadyAsync(Never, Generous, cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Stop_OfAProgramThatEndsOnSigterm_IsTermination()
    {
        await using var process = Sleep();

        Assert.Equal(StopOutcome.Terminated, await process.StopAsync(Generous));
        Assert.Equal(128 + 15, await process.Exited);
        Assert.Equal("was ended by signal 15", ManagedProcess.DescribeEnd(await process.Exited));
    }

    [Fact]
    public async Task Stop_OfAProgramThatEndsOnSigterm_LetsItSayItsLastWords()
    {
        await using var process = await StartedAsync("trap 'echo bye; exit 0' TERM; echo started; while :; do sleep 0.01; done");

        await process.StopAsync(Generous);

        Assert.Equal(["started", "bye"], process.StandardOutput.Lines);
    }

    [Fact]
    public async Task Stop_OfAProgramThatIgnoresSigterm_KillsItAndItsChildrenAfterTheLimit()
    {
        await using var process = await StartedAsync("trap '' TERM; sleep 300 & echo $!; wait");
        var child = int.Parse(process.StandardOutput.Lines[0]);

        Assert.Equal(StopOutcome.Killed, await process.StopAsync(TimeSpan.FromMilliseconds(100)));

        Assert.Equal(128 + 9, await process.Exited);
        await EndedAsync(child);
    }

    [Fact]
    public async Task Stop_OfAProgramThatHasEnded_SaysSo()
    {
        await using var process = Sh("exit 0");
        await process.Exited.WaitAsync(Generous, Cancel);

        Assert.Equal(StopOutcome.HadEnded, await process.StopAsync(Generous));
    }

    [Fact]
    public async Task Dispose_OfARunningProgram_EndsIt()
    {
        var process = Sleep();

        await process.DisposeAsync();

        Assert.True(process.Exited.IsCompletedSuccessfully);
        await EndedAsync(process.Id);
    }

    [Fact]
    public async Task Output_OfManyLines_IsBoundedToTheLastOnes()
    {
        var told = 0;
        await using var process = ManagedProcess.Start(new ProcessCommand("seq", "seq", "5000"), _ => told++);

        await process.Exited.WaitAsync(Generous, Cancel);

        Assert.Equal(5000, told);
        Assert.Equal(5000, process.StandardOutput.Count);
        Assert.Equal(Enumerable.Range(4801, ManagedProcess.KeptLines).Select(n => $"{n}"), process.StandardOutput.Lines);
    }

    [Fact]
    public async Task Exited_WhileAGrandchildHoldsThePipe_Completes()
    {
        await using var process = Sh("sleep 300 & echo $!");

        var ended = await process.Exited.WaitAsync(Generous, Cancel);

        using var grandchild = Process.GetProcessById(int.Parse(process.StandardOutput.Lines[0]));
        grandchild.Kill();
        Assert.Equal(0, ended);
    }

    [Theory]
    [InlineData(ProcessSignal.HangUp)]
    [InlineData(ProcessSignal.Interrupt)]
    [InlineData(ProcessSignal.Terminate)]
    public async Task Signal_OfAnyKind_ReachesTheProgram(ProcessSignal signal)
    {
        // A shell cannot trap what its parent ignores, as a runner in the background does with SIGINT.
        await using var process = await StartedAsync(
            $"exec env --default-signal sh -c \"trap 'echo got; exit 3' {(int)signal}; echo started; while :; do sleep 0.01; done\"");

        Assert.True(process.Signal(signal));

        Assert.Equal(3, await process.Exited.WaitAsync(Generous, Cancel));
        Assert.Equal(["started", "got"], process.StandardOutput.Lines);
        Assert.False(process.Signal(signal));
    }

    [Fact]
    public async Task Kill_OfAProgramWithAChild_EndsBothAtOnce()
    {
        await using var process = await StartedAsync("trap '' TERM; sleep 300 & echo $!; wait");
        var child = int.Parse(process.StandardOutput.Lines[0]);

        Assert.Equal(StopOutcome.Killed, await process.KillAsync());

        Assert.Equal(128 + 9, await process.Exited);
        await EndedAsync(child);
        Assert.Equal(StopOutcome.HadEnded, await process.KillAsync());
    }

    [Fact]
    public async Task Start_WithVariables_AddsThemToThoseOfThisProcess()
    {
        await using var process = ManagedProcess.Start(
            new ProcessCommand("sh", "sh", "-c", "echo $GREETING; echo $PATH") { Environment = new Dictionary<string, string> { ["GREETING"] = "hello" } });

        await process.Exited.WaitAsync(Generous, Cancel);
        Assert.Equal(["hello", Environment.GetEnvironmentVariable("PATH")!], process.StandardOutput.Lines);
    }

    private static ManagedProcess Sh(string script) => ManagedProcess.Start(new ProcessCommand("sh", "sh", "-c", script));

    private static ManagedProcess Sleep() => ManagedProcess.Start(new ProcessCommand("sleep", "sleep", "300"));

    // A script that has said its first line has set its traps.
    private static async Task<ManagedProcess> StartedAsync(string script)
    {
        var process = Sh(script);
        await process.WaitUntilReadyAsync(_ => Task.FromResult(process.StandardOutput.Count > 0), Generous, Cancel);
        return process;
    }

    private static async Task<bool> Never(CancellationToken cancellation)
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        return true;
    }

    private static Task EndedAsync(int id) => Eventually.TrueAsync(() => !ProcessTable.IsRunning(id), $"the end of process {id}");
}
