using System.Net;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Upstream;
using Testing;
using Xunit;

namespace Sidecar.Tests.Upstream;

public sealed class UpstreamTableTests
{
    private static readonly IPEndPoint A = IPEndPoint.Parse("192.0.2.1:80");
    private static readonly IPEndPoint B = IPEndPoint.Parse("192.0.2.2:80");
    private static readonly IPEndPoint C = IPEndPoint.Parse("[2001:db8::3]:80");
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private static readonly OutlierDetection Outlier = new() { Failures = 3 };
    private static readonly UpstreamLimits Ejecting = new() { Outlier = Outlier };

    private readonly ManualTimeProvider _time = new();
    private readonly UpstreamTable _table;

    public UpstreamTableTests() => _table = new UpstreamTable(_time);

    [Fact]
    public void Begin_WithoutLimits_CountsAndRefusesNothing()
    {
        for (var i = 0; i < 1000; i++)
            Fail(A, UpstreamLimits.None);

        for (var i = 0; i < 1000; i++)
            Begin(A, UpstreamLimits.None).Connected();

        Assert.Equal((1000, 0, 0L, CircuitState.Closed), (Of(A).Connections, Of(A).Pending, Of(A).Failures, Of(A).State));
    }

    [Fact]
    public void Begin_UpToTheConnections_RefusesOneMoreUntilOneHasEnded()
    {
        var limits = new UpstreamLimits { Connections = 2 };
        var first = Begin(A, limits);
        first.Connected();
        var second = Begin(A, limits);

        Assert.Equal((RelayEndReason.UpstreamLimit, "more than 2 connections to 192.0.2.1:80"), Refused(A, limits));
        Begin(B, limits);
        // Ending twice must not free two places.
        second.Dispose();
        second.Dispose();
        Begin(A, limits);
        Refused(A, limits);
        first.Dispose();
        Begin(A, limits);
        Assert.Equal([2, 0, 0], _table.Totals().Limited);
    }

    [Fact]
    public void Begin_UpToThePending_RefusesOneMoreUntilOneHasConnected()
    {
        var limits = new UpstreamLimits { Pending = 2 };
        var first = Begin(A, limits);
        Begin(A, limits);

        Assert.Equal((RelayEndReason.UpstreamLimit, "more than 2 connects to 192.0.2.1:80 in progress"), Refused(A, limits));
        first.Connected();
        Begin(A, limits);
        Refused(A, limits);
    }

    [Fact]
    public void Begin_AboveTheRate_WaitsForItsPartOfASecond()
    {
        var limits = new UpstreamLimits { ConnectRate = 4 };
        for (var i = 0; i < 4; i++)
            Begin(A, limits).Dispose();

        Assert.Equal((RelayEndReason.UpstreamLimit, "more than 4 connects to 192.0.2.1:80 in a second"), Refused(A, limits));
        _time.Advance((TimeSpan.FromSeconds(1) / 4) - Tick);
        Refused(A, limits);
        _time.Advance(Tick);
        Begin(A, limits).Dispose();
        Refused(A, limits);
        // What was not used in a minute does not add up.
        _time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 4; i++)
            Begin(A, limits).Dispose();
        Refused(A, limits);
    }

    [Fact]
    public void Failures_InARow_EjectForAGrowingTimeUpToTheLongest()
    {
        FailTimes(A, Outlier.Failures - 1);
        Begin(A).Connected();
        FailTimes(A, Outlier.Failures - 1);
        Assert.Equal(CircuitState.Closed, Of(A).State);

        Fail(A);

        foreach (var expected in new[] { 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300 })
        {
            Assert.Equal((CircuitState.Open, TimeSpan.FromSeconds(expected)), (Of(A).State, Of(A).EjectedFor!.Value));
            _time.Advance(TimeSpan.FromSeconds(expected) - Tick);
            Refused(A);
            _time.Advance(Tick);
            Assert.Equal(CircuitState.HalfOpen, Of(A).State);
            Fail(A);
        }
    }

    [Fact]
    public void Ejection_IsToldInWords()
    {
        FailTimes(A, 3);
        _time.Advance(TimeSpan.FromSeconds(17.5));

        Assert.Equal((RelayEndReason.CircuitOpen, "192.0.2.1:80 failed 3 times in a row; it is tried again in 12.5 s"), Refused(A));
        _time.Advance(TimeSpan.FromSeconds(12.5));
        Begin(A);
        Assert.Equal((RelayEndReason.CircuitOpen, "192.0.2.1:80 failed 3 times in a row; another connection is trying it"), Refused(A));
    }

    [Fact]
    public void HalfOpen_LetsOneConnectionTry()
    {
        Eject(A);
        _time.Advance(Outlier.EjectionTime);

        var trial = Begin(A);
        Refused(A);
        // A trial that is given up says nothing: the next connection tries.
        trial.Dispose();
        trial = Begin(A);
        Refused(A);
        trial.Connected();

        Begin(A).Connected();
        Assert.Equal((CircuitState.Closed, 2, 0, 1L), (Of(A).State, Of(A).Connections, _table.Totals().Ejected, _table.Totals().Ejections));
    }

    [Fact]
    public void HalfOpen_WithATrialThatIsLateAfterAnotherSuccess_IsOver()
    {
        Eject(A);
        FailTimes(B, Outlier.Failures);
        _time.Advance(Outlier.EjectionTime);
        var trial = Begin(A);
        // The circuit of B is open again, for longer: of the two A is used in spite of its trial.
        Fail(B);
        Begin(A, all: [A, B]).Connected();

        trial.Failed(Outlier, [A]);

        Assert.Equal((CircuitState.Closed, 1L), (Of(A).State, Of(A).Failures));
    }

    [Fact]
    public void HalfOpen_WithALimitReached_KeepsTheTrialForTheNext()
    {
        var limits = Ejecting with { Connections = 1 };
        var live = Begin(A);
        live.Connected();
        Eject(A);
        _time.Advance(Outlier.EjectionTime);

        Assert.Equal(RelayEndReason.UpstreamLimit, Refused(A, limits).Reason);

        live.Dispose();
        Begin(A, limits);
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(29.9, 60)]
    [InlineData(30, 30)]
    [InlineData(600, 30)]
    public void Ejection_AfterATimeWithoutOne_GrowsLess(double healthySeconds, int expectedSeconds)
    {
        Eject(A);
        _time.Advance(Outlier.EjectionTime);
        Begin(A).Connected();
        _time.Advance(TimeSpan.FromSeconds(healthySeconds));

        FailTimes(A, Outlier.Failures);

        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), Of(A).EjectedFor);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    [InlineData(16, 8)]
    public void Failures_OfAllAddressesOfAName_EjectAtMostHalf(int addresses, int expected)
    {
        List<IPEndPoint> all = [.. Enumerable.Range(1, addresses).Select(i => new IPEndPoint(new IPAddress([192, 0, 2, (byte)i]), 80))];

        foreach (var address in all.Concat(all))
            FailTimes(address, Outlier.Failures, all);

        Assert.Equal(expected, _table.Snapshots().Count(u => u.State == CircuitState.Open));
        Assert.Equal(expected, all.Count(address => _table.TryBegin(address, all, Ejecting, out _) is null));
    }

    [Fact]
    public void Addresses_EjectedByWayOfOtherNames_AreStillTriedByHalf()
    {
        FailTimes(A, Outlier.Failures);
        _time.Advance(TimeSpan.FromSeconds(1));
        FailTimes(B, Outlier.Failures);
        _time.Advance(TimeSpan.FromSeconds(1));
        FailTimes(C, Outlier.Failures);
        IPEndPoint[] all = [A, B, C];

        // Of the three the one that is ejected longest is left out.
        Begin(A, all: all);
        Begin(B, all: all);
        Assert.Equal(RelayEndReason.CircuitOpen, Refused(C, all: all).Reason);
        Begin(A, all: [B, A]);
        Assert.Equal(RelayEndReason.CircuitOpen, Refused(B, all: [B, A]).Reason);
    }

    [Fact]
    public void Addresses_EjectedAtTheSameMoment_AreStillTriedByHalf()
    {
        foreach (var address in (IPEndPoint[])[A, B])
            FailTimes(address, Outlier.Failures);

        Refused(A, all: [A, B]);
        Begin(B, all: [A, B]);
    }

    [Fact]
    public void Success_OfAnAddressThatWasTriedWhileEjected_EndsTheEjection()
    {
        FailTimes(A, Outlier.Failures);
        _time.Advance(TimeSpan.FromSeconds(1));
        FailTimes(B, Outlier.Failures);

        Begin(A, all: [A, B]).Connected();

        Assert.Equal((CircuitState.Closed, CircuitState.Open, 1), (Of(A).State, Of(B).State, _table.Totals().Ejected));
    }

    [Fact]
    public void Ejection_DoesNotHoldForConnectionsWithoutOutlierDetection()
    {
        Eject(A);

        Begin(A, UpstreamLimits.None).Dispose();
        Assert.Equal(RelayEndReason.CircuitOpen, Refused(A).Reason);
    }

    [Fact]
    public void HasFailedLately_HoldsForAWhileOrUntilASuccess()
    {
        Assert.False(_table.HasFailedLately(A));
        Fail(A, UpstreamLimits.None);
        Begin(B, UpstreamLimits.None).Overtaken();
        Assert.True(_table.HasFailedLately(A) && _table.HasFailedLately(B));

        Begin(B, UpstreamLimits.None).Connected();
        Assert.False(_table.HasFailedLately(B));
        _time.Advance(UpstreamTable.FailedLately - Tick);
        Assert.True(_table.HasFailedLately(A));
        _time.Advance(Tick);
        Assert.False(_table.HasFailedLately(A));
        Assert.Equal((1L, 0L), (Of(A).Failures, Of(B).Failures));
    }

    [Fact]
    public void HasFailedLately_HoldsWhileItIsEjected()
    {
        Eject(A);
        _time.Advance(Outlier.EjectionTime - Tick);
        Assert.True(_table.HasFailedLately(A));
        _time.Advance(Tick);
        Assert.False(_table.HasFailedLately(A));
    }

    [Fact]
    public void Addresses_ThatClientsMakeUp_TakeBoundedMemoryAndNoCountOfOthers()
    {
        var limits = Ejecting with { Connections = 1 };
        var live = Begin(A, limits);
        Eject(B);
        for (var i = 0; i < 3 * UpstreamTable.MaxUnused; i++)
            Fail(new IPEndPoint(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), 80));

        Assert.Equal(UpstreamTable.MaxUnused + 1, _table.Snapshots().Count);
        Assert.Equal(RelayEndReason.UpstreamLimit, Refused(A, limits).Reason);
        Assert.Equal(0, _table.Totals().Ejected);

        _time.Advance(UpstreamTable.KeptUnused);
        Assert.Equal(A, Assert.Single(_table.Snapshots()).Address);
        live.Dispose();
        Assert.Single(_table.Snapshots());
        _time.Advance(UpstreamTable.KeptUnused);
        Assert.Empty(_table.Snapshots());
    }

    [Fact]
    public void Addresses_InUseAgain_AreNotTheOldest()
    {
        Begin(A).Dispose();
        for (var i = 0; i < UpstreamTable.MaxUnused; i++)
        {
            Begin(new IPEndPoint(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), 80)).Dispose();
            Begin(A).Dispose();
        }

        Assert.Contains(_table.Snapshots(), u => u.Address.Equals(A));
        Assert.Equal(UpstreamTable.MaxUnused, _table.Snapshots().Count);
    }

    [Fact]
    public async Task Begin_OfManyThreads_NeverExceedsTheLimit()
    {
        var limits = new UpstreamLimits { Connections = 7 };
        var (live, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Rounds.Of(20_000); i++)
            {
                if (_table.TryBegin(A, [A], limits, out var _) is not { } use)
                    continue;
                var now = Interlocked.Increment(ref live);
                InterlockedMax(ref most, now);
                use.Connected();
                Interlocked.Decrement(ref live);
                use.Dispose();
            }
        })));

        Assert.InRange(most, 1, 7);
        Assert.Equal((0, 0), (Of(A).Connections, Of(A).Pending));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
            seen = Interlocked.CompareExchange(ref most, value, seen) == seen ? value : Volatile.Read(ref most);
    }

    private UpstreamSnapshot Of(IPEndPoint address) => _table.Snapshots().Single(u => u.Address.Equals(address));

    private UpstreamUse Begin(IPEndPoint address, UpstreamLimits? limits = null, IReadOnlyList<IPEndPoint>? all = null)
    {
        var use = _table.TryBegin(address, all ?? [address], limits ?? Ejecting, out var refusal);
        Assert.True(use is not null, refusal.Detail);
        return use;
    }

    private (RelayEndReason Reason, string Detail) Refused(IPEndPoint address, UpstreamLimits? limits = null, IReadOnlyList<IPEndPoint>? all = null)
    {
        Assert.Null(_table.TryBegin(address, all ?? [address], limits ?? Ejecting, out var refusal));
        Assert.True(refusal.IsRefused);
        return (refusal.Failure!.Value, refusal.Detail!);
    }

    private void Fail(IPEndPoint address, UpstreamLimits? limits = null) => Begin(address, limits).Failed((limits ?? Ejecting).Outlier, [address]);

    private void FailTimes(IPEndPoint address, int times, IReadOnlyList<IPEndPoint>? all = null)
    {
        for (var i = 0; i < times; i++)
            _table.TryBegin(address, all ?? [address], Ejecting, out _)?.Failed(Outlier, all ?? [address]);
    }

    private void Eject(IPEndPoint address)
    {
        FailTimes(address, Outlier.Failures);
        Assert.Equal(CircuitState.Open, Of(address).State);
    }
}
