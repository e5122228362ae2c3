using System.Net;
using System.Net.Sockets;
using Sidecar.Resolution;
using Testing;
using Xunit;

namespace Sidecar.Tests.Resolution;

public sealed class LookUpsTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly ManualResetEventSlim _answer = new(initialState: true);
    private int _asked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _answer.Set();

    [Fact]
    public async Task Find_ManyWhoAskForOneName_ShareOneLookUp()
    {
        _answer.Reset();
        var lookUps = New();
        var finds = Enumerable.Range(0, 100).Select(i => lookUps.FindAsync(i % 2 == 0 ? "name.test" : "NAME.test", Client(i), Cancel).AsTask()).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref _asked) == 1);
        Assert.All(finds, find => Assert.False(find.IsCompleted));

        _answer.Set();

        Assert.All(await Task.WhenAll(finds), found => Assert.Equal([IPAddress.Loopback], found.Addresses));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Find_WhileAnAnswerIsKept_AsksNobody()
    {
        var lookUps = New();
        await lookUps.FindAsync("name.test", Client(1), Cancel);

        _time.Advance(LookUps.Kept - TimeSpan.FromTicks(1));
        await lookUps.FindAsync("name.test", Client(2), Cancel);
        Assert.Equal(1, _asked);

        _time.Advance(TimeSpan.FromTicks(1));
        await lookUps.FindAsync("name.test", Client(2), Cancel);
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Find_WhereNoThreadCanBeStarted_IsAFailureThatGivesItsPlaceBack()
    {
        // As without descriptors, of which a thread takes two.
        var lookUps = new LookUps(_time, _ => [IPAddress.Loopback], new ClientPlaces(all: 1, each: 1), new NoThreads());
        for (var i = 0; i < 3; i++)
        {
            var found = await lookUps.FindAsync($"{i}.test", Client(1), Cancel);
            Assert.Empty(found.Addresses);
            Assert.NotNull(found.Error);
        }
    }

    [Fact]
    public async Task Find_ANameWithoutAddress_IsSoonAskedForAgain()
    {
        var lookUps = New();
        Assert.NotNull((await lookUps.FindAsync("nowhere.test", Client(1), Cancel)).Error);
        await lookUps.FindAsync("nowhere.test", Client(1), Cancel);
        Assert.Equal(1, _asked);

        _time.Advance(LookUps.KeptFailure);
        await lookUps.FindAsync("nowhere.test", Client(1), Cancel);

        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Find_ManyNames_KeepsTheLatest()
    {
        var lookUps = New();
        for (var i = 0; i <= LookUps.MaxKept; i++)
            await lookUps.FindAsync($"name{i}.test", Client(1), Cancel);
        Assert.Equal(LookUps.MaxKept + 1, _asked);

        await lookUps.FindAsync("name1.test", Client(1), Cancel);
        Assert.Equal(LookUps.MaxKept + 1, _asked);
        await lookUps.FindAsync("name0.test", Client(1), Cancel);
        Assert.Equal(LookUps.MaxKept + 2, _asked);
    }

    [Fact]
    public async Task Find_WhoeverStopsWaiting_LeavesTheLookUpToOthers()
    {
        _answer.Reset();
        var lookUps = New();
        using var end = new CancellationTokenSource();
        var left = lookUps.FindAsync("name.test", Client(1), end.Token).AsTask();
        var stays = lookUps.FindAsync("name.test", Client(2), Cancel).AsTask();
        await Eventually.TrueAsync(() => Volatile.Read(ref _asked) == 1);

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        _answer.Set();

        Assert.Equal([IPAddress.Loopback], (await stays).Addresses);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Find_TheSameNameOfManyWaitingForPlaces_IsLookedUpOnce()
    {
        _answer.Reset();
        var places = new ClientPlaces(all: 1, each: 1);
        var lookUps = New(places);
        var first = lookUps.FindAsync("first.test", Client(1), Cancel).AsTask();
        await Eventually.TrueAsync(() => Volatile.Read(ref _asked) == 1);
        var finds = Enumerable.Range(2, 20).Select(i => lookUps.FindAsync("second.test", Client(i), Cancel).AsTask()).ToList();

        _answer.Set();

        await Task.WhenAll([first, .. finds]);
        Assert.Equal(2, _asked);
        Assert.Equal(0, places.Clients);
    }

    private static IPAddress Client(int number) => new([192, 0, 2, (byte)number]);

    private LookUps New(ClientPlaces? places = null) => new(
        _time,
        name =>
        {
            Interlocked.Increment(ref _asked);
            _answer.Wait(Cancel);
            return name == "nowhere.test" ? throw new SocketException((int)SocketError.HostNotFound) : [IPAddress.Loopback];
        },
        places);

    private sealed class NoThreads : TaskScheduler
    {
        protected override void QueueTask(Task task) => throw new InvalidOperationException("no thread");

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
