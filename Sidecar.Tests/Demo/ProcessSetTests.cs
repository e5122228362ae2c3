using Demo.Processes;
using Xunit;

namespace Sidecar.Tests.Demo;

public sealed class ProcessSetTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_WhenOneEnds_NamesItAndItsLastWords()
    {
        await using var set = new ProcessSet();
        await StartAsync(set, "first", "sleep 300");
        await StartAsync(set, "second", "echo out of luck >&2; exit 3");

        var error = await Assert.ThrowsAsync<ProcessFailedException>(() => set.WatchAsync(Cancel));

        Assert.Equal("second ended with exit code 3\n  second: out of luck", error.Message);
    }

    [Fact]
    public async Task Watch_WhenAStopIsWantedRightAfterOneEnds_IsCancelledInsteadOfAnError()
    {
        await using var set = new ProcessSet { SignalSkew = Generous };
        using var stop = new CancellationTokenSource();
        await StartAsync(set, "one", "exit 0");

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

        var error = await Assert.ThrowsAsync<ProcessFailedException>(async () =>
        {
            while (true)
                await StartAsync(set, "next", "sleep 300");
        });

        Assert.Equal("first ended with exit code 1", error.Message);
    }

    [Fact]
    public async Task Stop_OfSeveral_EndsAllAndNamesThoseThatHadToBeKilled()
    {
        await using var set = new ProcessSet();
        var ready = new TaskCompletionSource();
        await using var stubborn = new ProcessSet(_ => ready.TrySetResult());
        await StartAsync(set, "tame", "exec sleep 300");
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
        await Assert.ThrowsAsync<ProcessFailedException>(() => set.WatchAsync(Cancel));

        Assert.Equivalent(new[] { new ProcessOutput("a", false, "hello"), new ProcessOutput("a", true, "oops") }, lines);
    }

    // Does not wait for readiness, so that programs that end at once can be started.
    private static async Task StartAsync(ProcessSet set, string name, string script) =>
        await set.StartAsync(new ProcessCommand(name, "sh", "-c", script), Yes, Generous, Cancel);

    private static Task<bool> Yes(CancellationToken cancellation) => Task.FromResult(true);
}
