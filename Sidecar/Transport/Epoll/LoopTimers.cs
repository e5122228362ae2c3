using System.Diagnostics;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// The clock of an event loop, read once a turn, and its timers. The timers are a binary heap, so setting one costs little even with
/// ten thousand connections. Only the loop's thread uses it.
/// </summary>
internal sealed class LoopTimers : TimeProvider
{
    private LoopTimer[] _heap = new LoopTimer[64];
    private int _count;
    private long _now = Stopwatch.GetTimestamp();

    /// <summary>How many timers are set.</summary>
    public int Count => _count;

    /// <inheritdoc/>
    public override long TimestampFrequency => Stopwatch.Frequency;

    /// <summary>The time of this turn.</summary>
    public override long GetTimestamp() => _now;

    /// <summary>A timer that calls back once, on the loop.</summary>
    /// <exception cref="NotSupportedException">A period is given.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new LoopTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Reads the time for a new turn.</summary>
    public void BeginTurn() => _now = Stopwatch.GetTimestamp();

    /// <summary>How long the loop may sleep, in milliseconds, rounded up; -1 if no timer is set.</summary>
    public int MillisecondsToNext()
    {
        if (_count == 0)
            return -1;
        var left = _heap[0].Due - Stopwatch.GetTimestamp();
        return left <= 0 ? 0 : (int)Math.Min(int.MaxValue, (left * 1000 / Stopwatch.Frequency) + 1);
    }

    /// <summary>Removes and returns the next timer that is due; null if none is.</summary>
    public LoopTimer? TakeDue()
    {
        if (_count == 0 || _heap[0].Due > _now)
            return null;
        var due = _heap[0];
        Remove(due);
        return due;
    }

    /// <summary>Sets a timer to <paramref name="dueTime"/> from now; an infinite time removes it.</summary>
    public void Set(LoopTimer timer, TimeSpan dueTime)
    {
        // First, because it may fail: nothing has changed by then. A timer that is already set needs no more room.
        if (_count == _heap.Length && timer.Index < 0)
            Array.Resize(ref _heap, _count * 2);
        Remove(timer);
        if (dueTime == Timeout.InfiniteTimeSpan)
            return;
        timer.Due = _now + (long)(dueTime.TotalSeconds * Stopwatch.Frequency);
        Place(timer, _count++);
        Rise(timer.Index);
    }

    /// <summary>Removes a timer, if it is set.</summary>
    public void Remove(LoopTimer timer)
    {
        var hole = timer.Index;
        if (hole < 0)
            return;
        timer.Index = -1;
        var last = _heap[--_count];
        _heap[_count] = null!;
        if (hole == _count)
            return;
        Place(last, hole);
        Rise(hole);
        Sink(last.Index);
    }

    private void Rise(int index)
    {
        var timer = _heap[index];
        for (int parent; index > 0 && _heap[parent = (index - 1) / 2].Due > timer.Due; index = parent)
            Place(_heap[parent], index);
        Place(timer, index);
    }

    private void Sink(int index)
    {
        var timer = _heap[index];
        for (int child; (child = (2 * index) + 1) < _count; index = child)
        {
            if (child + 1 < _count && _heap[child + 1].Due < _heap[child].Due)
                child++;
            if (_heap[child].Due >= timer.Due)
                break;
            Place(_heap[child], index);
        }

        Place(timer, index);
    }

    private void Place(LoopTimer timer, int index) => (_heap[index], timer.Index) = (timer, index);
}

/// <summary>One timer of an event loop.</summary>
internal sealed class LoopTimer(LoopTimers timers, TimerCallback callback, object? state) : ITimer
{
    /// <summary>Its index in the heap; -1 if it is not set.</summary>
    public int Index { get; set; } = -1;

    /// <summary>The time stamp at which it is due.</summary>
    public long Due { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
            throw new NotSupportedException("a loop's timer calls back once");
        timers.Set(this, dueTime);
        return true;
    }

    public void Call() => callback(state);

    public void Dispose() => timers.Remove(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
