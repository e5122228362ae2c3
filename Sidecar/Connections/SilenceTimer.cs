namespace Sidecar.Connections;

/// <summary>An idle timer: calls back once when nothing was noted for a limit. Noting costs one store; the timer runs once in each limit.</summary>
internal sealed class SilenceTimer
{
    private readonly TimeProvider _time;
    private readonly Action _expired;
    private readonly ITimer _timer;
    private long _lastNote;
    private TimeSpan _limit;

    public SilenceTimer(TimeProvider time, TimeSpan limit, Action expired)
    {
        (_time, _limit, _expired) = (time, limit, expired);
        _lastNote = time.GetTimestamp();
        _timer = time.CreateTimer(static self => ((SilenceTimer)self!).Check(), this, limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A byte moved.</summary>
    public void Note() => Volatile.Write(ref _lastNote, _time.GetTimestamp());

    /// <summary>Starts again, with another limit.</summary>
    public void Restart(TimeSpan limit)
    {
        lock (this)
        {
            _limit = limit;
            Note();
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Changes the limit; the silence so far counts.</summary>
    public void Extend(TimeSpan limit)
    {
        lock (this)
        {
            _limit = limit;
            _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>No more callbacks.</summary>
    public void Stop() => _timer.Dispose();

    private void Check()
    {
        // The old limit must not undo a restart on another thread.
        lock (this)
        {
            var left = _limit - _time.GetElapsedTime(Volatile.Read(ref _lastNote));
            if (left > TimeSpan.Zero)
            {
                _timer.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        _expired();
    }
}
