using Processes;
using Testing;
using Xunit;

namespace Workload.Tests.Processes;

[SystemTest]
public sealed class ProcessSetTests : IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    // The scripts hold their end back until this file is there: a set does not start a program that has already ended.
    private readonly string _signal = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_signal);

    [Fact]
    public async Task Watch_WhenOneEnds_NamesItAndItsLastWords()
    {
        await using var set = new ProcessSet();
        await set.StartAsync(new ProcessCommand("first", "sleep", "300"), Yes, Generous, Cancel);
        await StartAsync(set, "second", "echo out of luck >&2; exit 3");
        LetThemEnd();

        var error = await Assert.ThrowsAsync<ProcessFailedException>(() => set.WatchAsync(Cancel));

        Assert.Equal("second ended with exit code 3\n  second: out of luck", error.Message);
    }

    [Fact]
    public async Task Watch_WhenAStopIsWantedRightAfterOneEnds_IsCancelledInsteadOfAnError()
    {
        await using var set = new ProcessSet { SignalSkew = Generous };
        using var stop = new CancellationTokenSource();
        await StartAsync(set, "one", "exit 0");
        LetThemEnd();

        var watching = set.WatchAsync(stop.Token);
        await Assert.ThrowsAsync<TimeoutException>(() => watching.WaitAsync(TimeSpan.FromMilliseconds(50), Cancel));
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Start_WhenAnEarlierOneHasEnded_Fails()
    {
        await using var set = new ProcessSet();
        await StartAsync(set, "first", "exit 1");
        LetThemEnd();

        var error = await Assert.ThrowsAsync<ProcessFailedException>(async () =>
        {
            while (true)
                await set.StartAsync(new ProcessCommand("next", "sleep", "300"), Yes, Generous, Cancel);
        });

        Assert.Equal("first ended with exit code 1", error.Message);
    }

    [Fact]
    public async Task Stop_OfSeveral_EndsAllAndNamesThoseThatHadToBeKilled()
    {
        await using var set = new ProcessSet();
        var ready = new TaskCompletionSource();
        await using var stubborn = new ProcessSet(_ => ready.TrySetResult());
        await set.StartAsync(new ProcessCommand("tame", "sleep", "300"), Yes, Generous, Cancel);
        await stubborn.StartAsync(new ProcessCommand("stubborn", "sh", "-c", "trap '' TERM; echo; while :; do sleep 0.05; done"), async _ =>
        {
            await ready.Task;
            return true;
        }, Generous, Cancel);

        Assert.Empty(await set.StopAsync(Generous));
        Assert.Equal(["stubborn"], await stubborn.StopAsync(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public async Task Output_OfEachProgram_BearsItsName()
    {
        var lines = new List<ProcessOutput>();
        await using var set = new ProcessSet(line =>
        {
            lock (lines)
                lines.Add(line);
        });
        await StartAsync(set, "a", "echo hello; echo oops >&2");
        LetThemEnd();
        await Assert.ThrowsAsync<ProcessFailedException>(() => set.WatchAsync(Cancel));

        Assert.Equivalent(new[] { new ProcessOutput("a", false, "hello"), new ProcessOutput("a", true, "oops") }, lines);
    }

    private async Task StartAsync(ProcessSet set, string name, string script) =>
        await set.StartAsync(new ProcessCommand(name, "sh", "-c", "until [ -e \"$0\" ]; do sleep 0.01; done; " + script, _signal), Yes, Generous, Cancel);

    private void LetThemEnd() => File.Create(_signal).Dispose();

    private static Task<bool> Yes(CancellationToken cancellation) => Task.FromResult(true);
}
