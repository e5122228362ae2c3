namespace Sidecar.Records.Exchanges;

/// <summary>
/// A token bucket: allows a number of bytes a second, and twice as many at once after silence. The last line can exceed what is
/// left, and the next lines wait for it, so that no line is too long to pass.
/// </summary>
/// <param name="rate">Bytes a second.</param>
/// <param name="frequency">Frequency of the timestamps.</param>
internal sealed class ByteBucket(long rate, long frequency)
{
    private readonly Lock _lock = new();
    private readonly long _most = 2 * rate;
    private double _left = 2 * rate;
    private long _at = long.MinValue;

    /// <summary>Whether another line can pass.</summary>
    public bool HasAny(long now)
    {
        lock (_lock)
        {
            Fill(now);
            return _left > 0;
        }
    }

    /// <summary>Whether nothing has passed for a while.</summary>
    public bool IsFull(long now)
    {
        lock (_lock)
        {
            Fill(now);
            return _left >= _most;
        }
    }

    /// <summary>A line has passed.</summary>
    public void Take(int bytes)
    {
        lock (_lock)
            _left -= bytes;
    }

    private void Fill(long now)
    {
        if (_at != long.MinValue && now > _at)
            _left = Math.Min(_most, _left + ((double)(now - _at) / frequency * rate));
        _at = Math.Max(_at, now);
    }
}
