using Sidecar.Transport.Epoll;
using Xunit;

namespace Sidecar.Tests.Transport.Epoll;

public sealed class LoopTimersTests
{
    private readonly LoopTimers _timers = new();
    private readonly List<int> _called = [];

    [Fact]
    public void TakeDue_AfterRandomSetsChangesAndDisposals_GivesThemInOrderOfTime()
    {
        var random = new Random(20261121);
        var due = new Dictionary<int, int>();
        var timers = new Dictionary<int, ITimer>();
        for (var step = 0; step < 5_000; step++)
        {
            var id = random.Next(500);
            // Distinct, so that the order is told by time alone.
            var time = (random.Next(1000) * 5_000) + step;
            switch (random.Next(4))
            {
                case 0 when timers.TryGetValue(id, out var old):
                    old.Dispose();
                    due.Remove(id);
                    break;
                case 1 when timers.TryGetValue(id, out var changed):
                    changed.Change(TimeSpan.FromMicroseconds(time), Timeout.InfiniteTimeSpan);
                    due[id] = time;
                    break;
                default:
                    if (timers.TryGetValue(id, out var replaced))
                        replaced.Dispose();
                    timers[id] = _timers.CreateTimer(_ => _called.Add(id), null, TimeSpan.FromMicroseconds(time), Timeout.InfiniteTimeSpan);
                    due[id] = time;
                    break;
            }
        }

        Assert.Equal(due.Count, _timers.Count);
        // Five seconds hold them all; the clock stands still meanwhile.
        while (_timers.Count > 0)
        {
            _timers.BeginTurn();
            while (_timers.TakeDue() is { } timer)
                timer.Call();
            Thread.SpinWait(1000);
        }

        Assert.Equal(due.OrderBy(d => d.Value).Select(d => d.Key), _called);
    }

    [Fact]
    public void TakeDue_BeforeItsTime_IsNone()
    {
        using var timer = _timers.CreateTimer(_ => { }, null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        _timers.BeginTurn();
        Assert.Null(_timers.TakeDue());
        Assert.InRange(_timers.MillisecondsToNext(), 59_000, 60_001);
    }

    [Fact]
    public void MillisecondsToNext_WithoutTimers_IsForEver()
    {
        using var timer = _timers.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Assert.Equal(-1, _timers.MillisecondsToNext());
    }

    [Fact]
    public void Change_OfATimerThatWasCalled_SetsItAgain()
    {
        using var timer = _timers.CreateTimer(_ => _called.Add(1), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        _timers.TakeDue()!.Call();
        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        _timers.TakeDue()!.Call();
        Assert.Null(_timers.TakeDue());
        Assert.Equal([1, 1], _called);
    }

    [Fact]
    public void CreateTimer_WithAPeriod_IsRefused() =>
        Assert.Throws<NotSupportedException>(() => _timers.CreateTimer(_ => { }, null, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
}
