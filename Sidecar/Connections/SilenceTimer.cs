namespace Sidecar.Connections;

/// <summary>Calls back once when nothing was noted for a limit. Noting costs one store; the timer itself runs once a limit.</summary>
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

    /// <summary>From now on another limit holds.</summary>
    public void Restart(TimeSpan limit)
    {
        lock (this)
        {
            _limit = limit;
            Note();
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Another limit holds for the silence that there is already.</summary>
    public void Extend(TimeSpan limit)
    {
        lock (this)
        {
            _limit = limit;
            _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Calls back no more.</summary>
    public void Stop() => _timer.Dispose();

    private void Check()
    {
        // A restart on another thread must not be undone by the old limit.
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
