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
    private readonly List<string> _heldOn = [];
    private SocketError? _failure;
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
        var lookUps = new LookUps(_time, _ => [IPAddress.Loopback], new ClientPlaces(all: 1, each: 1), threads: new NoThreads());
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

    [Theory]
    [InlineData(SocketError.TryAgain, true)]
    [InlineData(SocketError.HostNotFound, false)]
    [InlineData(SocketError.NoData, false)]
    public async Task Find_WhenTheNextLookUpFails_TheLastAnswerHoldsOnUnlessTheNameIsGone(SocketError error, bool holdsOn)
    {
        var lookUps = New();
        await lookUps.FindAsync("name.test", Client(1), Cancel);
        _failure = error;
        _time.Advance(LookUps.Kept);

        for (var i = 0; i < 3; i++)
        {
            var found = await lookUps.FindAsync("name.test", Client(1), Cancel);
            Assert.Equal(holdsOn ? [IPAddress.Loopback] : [], found.Addresses);
        }

        // One look-up for all three, and the next one soon.
        Assert.Equal(2, _asked);
        _time.Advance(LookUps.KeptFailure);
        await lookUps.FindAsync("name.test", Client(1), Cancel);
        Assert.Equal(3, _asked);
        Assert.Equal(holdsOn ? ["name.test"] : [], _heldOn);

        _failure = null;
        _time.Advance(LookUps.KeptFailure);
        Assert.Null((await lookUps.FindAsync("name.test", Client(1), Cancel)).Error);
    }

    [Fact]
    public async Task Find_WhenTheNameServiceFailsAgain_IsToldAgain()
    {
        var lookUps = New();
        foreach (var failure in new SocketError?[] { null, SocketError.TryAgain, SocketError.TryAgain, null, SocketError.TryAgain })
        {
            _failure = failure;
            await lookUps.FindAsync("name.test", Client(1), Cancel);
            _time.Advance(LookUps.Kept);
        }

        Assert.Equal(["name.test", "name.test"], _heldOn);
    }

    [Fact]
    public async Task Find_ALastAnswerOfADayAgo_IsNoAnswer()
    {
        var lookUps = New();
        await lookUps.FindAsync("name.test", Client(1), Cancel);
        _failure = SocketError.TryAgain;
        _time.Advance(LookUps.HeldOn - TimeSpan.FromTicks(1));
        Assert.Null((await lookUps.FindAsync("name.test", Client(1), Cancel)).Error);

        _time.Advance(LookUps.KeptFailure);

        Assert.NotNull((await lookUps.FindAsync("name.test", Client(1), Cancel)).Error);
    }

    [Fact]
    public async Task Find_WhileTheNextLookUpHangs_TakesTheLastAnswer()
    {
        var places = new ClientPlaces(all: 1, each: 1);
        var lookUps = New(places);
        await lookUps.FindAsync("name.test", Client(1), Cancel);
        _answer.Reset();
        _time.Advance(LookUps.Kept);

        var first = lookUps.FindAsync("name.test", Client(1), Cancel).AsTask();
        await Eventually.TrueAsync(() => Volatile.Read(ref _asked) == 2);
        _time.Advance(LookUps.Patience - TimeSpan.FromTicks(1));
        var second = lookUps.FindAsync("name.test", Client(2), Cancel).AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal([IPAddress.Loopback], (await first).Addresses);
        Assert.Equal([IPAddress.Loopback], (await second).Addresses);
        // The next one does not wait at all.
        Assert.True(lookUps.FindAsync("name.test", Client(3), Cancel).AsTask().IsCompletedSuccessfully);
        Assert.Equal(2, _asked);

        // Its answer counts once it comes.
        _answer.Set();
        await Eventually.TrueAsync(() => places.Clients == 0);
        await lookUps.FindAsync("name.test", Client(3), Cancel);
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
            if (name == "nowhere.test")
                throw new SocketException((int)SocketError.HostNotFound);
            return _failure is { } failure ? throw new SocketException((int)failure) : [IPAddress.Loopback];
        },
        places,
        (name, _) => _heldOn.Add(name));

    private sealed class NoThreads : TaskScheduler
    {
        protected override void QueueTask(Task task) => throw new InvalidOperationException("no thread");

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
