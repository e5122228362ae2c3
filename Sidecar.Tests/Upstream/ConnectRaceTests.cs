using System.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Upstream;
using Testing;
using Xunit;

namespace Sidecar.Tests.Upstream;

public sealed class ConnectRaceTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(250);

    private readonly ManualTimeProvider _time = new();
    private readonly AttemptPlaces _places = new();
    private readonly Attempts _attempts = new();

    [Fact]
    public async Task Run_WhileTheFirstIsSilent_StartsTheNextAfterTheDelay()
    {
        var race = Start("192.0.2.1:80", "192.0.2.2:80");
        await WaitsForTheDelayAsync(attempts: 1);

        _time.Advance(Delay - TimeSpan.FromTicks(1));
        Assert.Single(_attempts.Begun);
        _time.Advance(TimeSpan.FromTicks(1));

        await _attempts.ThereAreAsync(2);
        Assert.False(_attempts[0].IsCancelled);
        _attempts[1].Connect();
        await IsWonByAsync(race, 1);
    }

    [Fact]
    public async Task Run_TheFirstConnectingLate_WinsAllTheSame()
    {
        var race = Start("192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80");
        await WaitsForTheDelayAsync(attempts: 1);
        _time.Advance(Delay);
        await WaitsForTheDelayAsync(attempts: 2);
        Assert.Equal(1, _places.Taken);
        _time.Advance(Delay);
        await _attempts.ThereAreAsync(3);
        Assert.Equal(2, _places.Taken);

        _attempts[0].Connect();

        await IsWonByAsync(race, 0);
    }

    [Fact]
    public async Task Run_AFailingOne_IsFollowedAtOnce()
    {
        var race = Start("192.0.2.1:80", "192.0.2.2:80");
        await WaitsForTheDelayAsync(attempts: 1);

        _attempts[0].Fail();

        await _attempts.ThereAreAsync(2);
        _attempts[1].Connect();
        await IsWonByAsync(race, 1);
    }

    [Fact]
    public async Task Run_WhenAllFail_TellsHowTheLastDid()
    {
        var race = Start("192.0.2.1:80", "192.0.2.2:80");
        await WaitsForTheDelayAsync(attempts: 1);
        _time.Advance(Delay);
        await _attempts.ThereAreAsync(2);

        _attempts[1].Fail("second");
        _attempts[0].Fail("first");

        var outcome = await race;
        Assert.Null(outcome.Connection);
        Assert.True(outcome.Detail is "first" or "second", outcome.Detail);
        Assert.Equal(0, _places.Taken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_ARefusalAndAFailure_TellsTheFailure(bool isRefusedFirst)
    {
        var race = Start("192.0.2.1:80", "192.0.2.2:80");
        await WaitsForTheDelayAsync(attempts: 1);
        End(0, isRefusedFirst);
        await _attempts.ThereAreAsync(2);
        End(1, !isRefusedFirst);

        Assert.Equal(RelayEndReason.ConnectFailed, (await race).Failure);

        void End(int attempt, bool isRefused) => _attempts[attempt].Fail(reason: isRefused ? RelayEndReason.CircuitOpen : RelayEndReason.ConnectFailed);
    }

    [Fact]
    public async Task Run_ALoserThatConnectsWhileItIsGivenUp_IsClosed()
    {
        _attempts.ConnectWhenCancelled = true;
        var race = Start("192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80");
        await WaitsForTheDelayAsync(attempts: 1);
        _time.Advance(Delay);
        await WaitsForTheDelayAsync(attempts: 2);
        _time.Advance(Delay);
        await _attempts.ThereAreAsync(3);

        _attempts[1].Connect();

        await IsWonByAsync(race, 1);
        Assert.True(_attempts[0].Connection.IsDisposed && _attempts[2].Connection.IsDisposed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_ADialerThatThrows_LeavesNoAttemptOpen(bool throwsAtOnce)
    {
        _attempts.ConnectWhenCancelled = true;
        var race = Start("192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80");
        await WaitsForTheDelayAsync(attempts: 1);
        _time.Advance(Delay);
        await WaitsForTheDelayAsync(attempts: 2);
        _attempts.ThrowAtOnce = throwsAtOnce;
        if (!throwsAtOnce)
            _attempts[1].Throw();
        _time.Advance(Delay);

        Assert.Equal("a bug", (await Assert.ThrowsAsync<InvalidOperationException>(() => race)).Message);

        Assert.True(_attempts[0].IsCancelled);
        Assert.True(_attempts[0].Connection.IsDisposed);
        Assert.Equal(0, _places.Taken);
    }

    [Fact]
    public async Task Run_LosersThatThrowWhenTheyAreGivenUp_AreLeftAllTheSame()
    {
        _attempts.ThrowWhenCancelled = true;
        var race = Start("192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80");
        await WaitsForTheDelayAsync(attempts: 1);
        _time.Advance(Delay);
        await WaitsForTheDelayAsync(attempts: 2);
        _time.Advance(Delay);
        await _attempts.ThereAreAsync(3);

        _attempts[2].Connect();

        await IsWonByAsync(race, 2);
    }

    [Fact]
    public async Task Run_WithoutAPlaceForAnother_GivesUpTheOldest()
    {
        for (var i = 0; i < AttemptPlaces.Count; i++)
            Assert.True(_places.TryTake());
        var race = Start("192.0.2.1:80", "192.0.2.2:80");
        await WaitsForTheDelayAsync(attempts: 1);

        _time.Advance(Delay);

        await _attempts.ThereAreAsync(2);
        Assert.True(_attempts[0].IsCancelled);
        _attempts[1].Connect();
        Assert.Same(_attempts[1].Connection, (await race).Connection);
        Assert.Equal(AttemptPlaces.Count, _places.Taken);
    }

    [Theory]
    [InlineData("6a 6b 6c 4a 4b", "6a 4a 6b 4b 6c")]
    [InlineData("4a 4b 6a 6b 6c", "4a 6a 4b 6b 6c")]
    [InlineData("4a 6a 4b", "4a 6a 4b")]
    [InlineData("4a 4b", "4a 4b")]
    [InlineData("6a", "6a")]
    [InlineData("4a! 6a 4b 6b", "6a 4b 6b 4a")]
    [InlineData("6a! 6b! 4a! 4b", "4b 6a 4a 6b")]
    [InlineData("6a! 4a! 6b!", "6a 4a 6b")]
    public void Order_Addresses_TakesFamiliesInTurnAndThoseThatFailedLatelyLast(string names, string expected)
    {
        var failed = names.Split(' ').Where(name => name.EndsWith('!')).Select(Address).ToHashSet();

        var order = ConnectRace.Order([.. names.Split(' ').Select(Address)], failed.Contains);

        Assert.Equal(expected.Split(' ').Select(Address), order);

        static IPEndPoint Address(string name) => new(IPAddress.Parse((name[0] == '6' ? "2001:db8::" : "192.0.2.") + (name[1] - 'a' + 1)), 80);
    }

    [Fact]
    public async Task Run_AddressesOfBothFamilies_AreTriedInTurn()
    {
        var race = Start("[2001:db8::1]:80", "[2001:db8::2]:80", "192.0.2.1:80");
        for (var i = 0; i < 2; i++)
        {
            await WaitsForTheDelayAsync(attempts: i + 1);
            _attempts[i].Fail();
        }

        await _attempts.ThereAreAsync(3);
        _attempts[2].Connect();
        await IsWonByAsync(race, 2);
        Assert.Equal(["[2001:db8::1]:80", "192.0.2.1:80", "[2001:db8::2]:80"], _attempts.Begun.Select(a => a.Address.ToString()));
    }

    private Task<ConnectOutcome> Start(params IEnumerable<string> addresses) =>
        new ConnectRace(_attempts.DialAsync, _places, Delay, _time).RunAsync(ConnectRace.Order([.. addresses.Select(IPEndPoint.Parse)], _ => false)).AsTask();

    private async Task WaitsForTheDelayAsync(int attempts)
    {
        await _attempts.ThereAreAsync(attempts);
        await Eventually.TrueAsync(() => _time.HasTimerDueIn(Delay));
    }

    private async Task IsWonByAsync(Task<ConnectOutcome> race, int winner)
    {
        Assert.Same(_attempts[winner].Connection, (await race).Connection);
        Assert.False(_attempts[winner].Connection.IsDisposed);
        Assert.All(_attempts.Begun.Where((_, i) => i != winner), a => Assert.True(a.HasEnded));
        Assert.Equal(0, _places.Taken);
    }

    /// <summary>A dialer with attempts that end as the test wants.</summary>
    private sealed class Attempts
    {
        private readonly Lock _lock = new();
        private readonly List<Attempt> _begun = [];

        public bool ConnectWhenCancelled { get; set; }

        public bool ThrowWhenCancelled { get; set; }

        public bool ThrowAtOnce { get; set; }

        public IReadOnlyList<Attempt> Begun
        {
            get
            {
                lock (_lock)
                    return [.. _begun];
            }
        }

        public Attempt this[int number] => Begun[number];

        public Task ThereAreAsync(int count) => Eventually.TrueAsync(() => Begun.Count == count);

        public ValueTask<ConnectOutcome> DialAsync(IPEndPoint address, CancellationToken cancel)
        {
            if (ThrowAtOnce)
                throw new InvalidOperationException("a bug");
            var attempt = new Attempt(address);
            cancel.Register(() =>
            {
                attempt.IsCancelled = true;
                if (ConnectWhenCancelled)
                    attempt.Connect();
                else if (ThrowWhenCancelled)
                    attempt.Throw();
                else
                    attempt.Fail();
            });
            lock (_lock)
                _begun.Add(attempt);
            return new(attempt.Outcome);
        }
    }

    private sealed class Attempt(IPEndPoint address)
    {
        private readonly TaskCompletionSource<ConnectOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IPEndPoint Address => address;

        public NotingConnection Connection { get; } = new();

        public Task<ConnectOutcome> Outcome => _outcome.Task;

        public bool HasEnded => _outcome.Task.IsCompleted;

        public bool IsCancelled { get; set; }

        public void Connect() => _outcome.TrySetResult(new ConnectOutcome(Connection, null, null));

        public void Fail(string detail = "refused", RelayEndReason reason = RelayEndReason.ConnectFailed) => _outcome.TrySetResult(new ConnectOutcome(null, reason, detail));

        public void Throw() => _outcome.TrySetException(new InvalidOperationException("a bug"));
    }

    private sealed class NotingConnection : DefaultConnectionContext
    {
        public bool IsDisposed { get; private set; }

        public override ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return base.DisposeAsync();
        }
    }
}
