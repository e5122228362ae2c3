using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Sidecar.Transport;
using Sidecar.Upstream;
using Testing;
using Xunit;

namespace Sidecar.Tests.Upstream;

public sealed class UpstreamConnectorTests
{
    private static readonly IPEndPoint A = IPEndPoint.Parse("192.0.2.1:80");
    private static readonly IPEndPoint B = IPEndPoint.Parse("192.0.2.2:80");
    private static readonly UpstreamLimits Ejecting = new() { Outlier = new OutlierDetection { Failures = 1 } };

    private readonly ManualTimeProvider _time = new();
    private readonly UpstreamTable _table;
    private readonly PlayedDialer _dialer = new();

    public UpstreamConnectorTests() => _table = new UpstreamTable(_time);

    [Fact]
    public async Task Connect_AddressThatFailedLately_IsTriedLastForAWhile()
    {
        _dialer.Answers[A] = SocketError.ConnectionRefused;
        await ConnectAsync(A, B);
        Assert.Equal([A, B], _dialer.TakeDialed());

        await ConnectAsync(A, B);
        Assert.Equal([B], _dialer.TakeDialed());
        _time.Advance(UpstreamTable.FailedLately);
        await ConnectAsync(A, B);
        Assert.Equal([A, B], _dialer.TakeDialed());
    }

    [Fact]
    public async Task Connect_AddressThatWasOvertaken_IsTriedLastButNotEjected()
    {
        _dialer.Silent.Add(A);
        var connecting = ConnectAsync(Ejecting, 1, A, B);
        await Eventually.TrueAsync(() => _time.HasTimerDueIn(Stage.Options().AttemptDelay));
        _time.Advance(Stage.Options().AttemptDelay);
        Assert.NotNull((await connecting).Connection);
        Assert.Equal([A, B], _dialer.TakeDialed());

        await ConnectAsync(Ejecting, 1, A, B);

        Assert.Equal([B], _dialer.TakeDialed());
        Assert.Equal((0, CircuitState.Closed), (Of(A).Connections, Of(A).State));
    }

    [Fact]
    public async Task Connect_LoserThatConnectsAllTheSame_CountsNoLonger()
    {
        _dialer.Silent.Add(A);
        _dialer.ConnectsWhenCancelled = true;
        var connecting = ConnectAsync(Ejecting, 1, A, B);
        await Eventually.TrueAsync(() => _time.HasTimerDueIn(Stage.Options().AttemptDelay));
        _time.Advance(Stage.Options().AttemptDelay);
        var outcome = await connecting;

        Assert.Equal((0, 1), (Of(A).Connections, Of(B).Connections));
        outcome.Use!.Dispose();
        Assert.Equal(0, Of(B).Connections);
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, true)]
    [InlineData(SocketError.ConnectionReset, true)]
    [InlineData(SocketError.HostUnreachable, true)]
    [InlineData(SocketError.NetworkUnreachable, true)]
    [InlineData(SocketError.TimedOut, true)]
    [InlineData(SocketError.TooManyOpenSockets, false)]
    [InlineData(SocketError.NoBufferSpaceAvailable, false)]
    [InlineData(SocketError.AddressNotAvailable, false)]
    [InlineData(SocketError.SocketError, false)]
    public async Task Connect_Failure_EjectsTheAddressIfItIsTheAddresss(SocketError error, bool isOfAddress)
    {
        _dialer.Answers[A] = error;

        await ConnectAsync(Ejecting, 1, A);

        Assert.Equal(isOfAddress ? CircuitState.Open : CircuitState.Closed, Of(A).State);
        Assert.Equal(isOfAddress, (await ConnectAsync(Ejecting, 1, A)).Failure == RelayEndReason.CircuitOpen);
    }

    // The limit can be that of a route, shorter or longer than that of the process.
    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(1, 0.6, false)]
    [InlineData(0.1, 0, true)]
    [InlineData(0.1, 0.06, false)]
    [InlineData(10, 6, false)]
    public async Task Connect_TimeoutAfterASlowLookUp_IsNotTheAddresss(double limit, double lookUp, bool isOfAddress)
    {
        _dialer.Answers[A] = SocketError.TimedOut;

        await Connector(1).ConnectAsync(
            new ConnectRequest(new DefaultConnectionContext(), [A], Stage.Timeouts.Connect * limit, Stage.Timeouts.Connect * lookUp, Ejecting));

        Assert.Equal(isOfAddress ? CircuitState.Open : CircuitState.Closed, Of(A).State);
    }

    [Fact]
    public async Task Connect_AddressEjectedInAnEarlierRound_EndsWithItsFailure()
    {
        _dialer.Answers[A] = SocketError.ConnectionRefused;
        var connecting = ConnectAsync(Ejecting, 3, A);
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        _time.Advance(TimeSpan.FromMilliseconds(25));

        Assert.Equal(RelayEndReason.ConnectFailed, (await connecting).Failure);
        Assert.Equal([A], _dialer.TakeDialed());
    }

    [Fact]
    public async Task Connect_AddressAtItsLimit_LeavesTheConnectionToTheNext()
    {
        var limits = new UpstreamLimits { Connections = 1 };
        Assert.NotNull((await ConnectAsync(limits, 1, A, B)).Connection);
        Assert.NotNull((await ConnectAsync(limits, 1, A, B)).Connection);
        Assert.Equal([A, B], _dialer.TakeDialed());

        Assert.Equal(RelayEndReason.UpstreamLimit, (await ConnectAsync(limits, 1, A, B)).Failure);
        Assert.Empty(_dialer.TakeDialed());
    }

    [Fact]
    public async Task Connect_BothAddressesFailing_EjectsOneAndTriesTheOther()
    {
        (_dialer.Answers[A], _dialer.Answers[B]) = (SocketError.ConnectionRefused, SocketError.ConnectionRefused);
        await ConnectAsync(Ejecting, 1, A, B);
        _dialer.TakeDialed();

        Assert.Equal(RelayEndReason.ConnectFailed, (await ConnectAsync(Ejecting, 1, A, B)).Failure);

        Assert.Equal([B], _dialer.TakeDialed());
        Assert.Equal((CircuitState.Open, CircuitState.Closed), (Of(A).State, Of(B).State));
    }

    [Fact]
    public async Task Connect_DialerThatThrows_CountsNoLonger()
    {
        _dialer.Throws = true;

        await Assert.ThrowsAsync<InvalidOperationException>(() => ConnectAsync(A));

        Assert.Equal((0, 0), (Of(A).Connections, Of(A).Pending));
    }

    private UpstreamConnector Connector(int rounds) =>
        new(_dialer, new AttemptPlaces(), _table, Stage.Options() with { ConnectAttempts = rounds }, _time);

    private Task<ConnectOutcome> ConnectAsync(params IPEndPoint[] addresses) => ConnectAsync(UpstreamLimits.None, 1, addresses);

    private Task<ConnectOutcome> ConnectAsync(UpstreamLimits limits, int rounds, params IPEndPoint[] addresses) =>
        Connector(rounds).ConnectAsync(new ConnectRequest(new DefaultConnectionContext(), addresses, Stage.Timeouts.Connect, TimeSpan.Zero, limits)).AsTask();

    private UpstreamSnapshot Of(IPEndPoint address) => _table.Snapshots().Single(u => u.Address.Equals(address));

    /// <summary>A dialer that answers at once, unless an address is silent.</summary>
    private sealed class PlayedDialer : IDialer
    {
        private readonly List<IPEndPoint> _dialed = [];

        public Dictionary<IPEndPoint, SocketError> Answers { get; } = [];

        public HashSet<IPEndPoint> Silent { get; } = [];

        public bool ConnectsWhenCancelled { get; set; }

        public bool Throws { get; set; }

        public IPEndPoint[] TakeDialed()
        {
            IPEndPoint[] taken = [.. _dialed];
            _dialed.Clear();
            return taken;
        }

        public async ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, IPAddress? source, TimeSpan timeout, CancellationToken cancel = default)
        {
            if (Throws)
                throw new InvalidOperationException("a bug");
            _dialed.Add(address);
            if (!Silent.Contains(address))
                return Answers.TryGetValue(address, out var error) ? new DialOutcome(null, error, $"{error}") : Connected();
            await Task.Delay(Timeout.Infinite, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ConnectsWhenCancelled ? Connected() : new DialOutcome(null, SocketError.TimedOut, "given up");
        }

        private static DialOutcome Connected() => new(new DefaultConnectionContext(), SocketError.Success, null);
    }
}
