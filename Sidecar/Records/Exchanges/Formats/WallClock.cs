namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Gives the time of day of timestamps, without reading the clock each time.</summary>
internal sealed class WallClock
{
    /// <summary>Nanoseconds of a second.</summary>
    public const long NanosecondsASecond = 1_000_000_000;

    private readonly TimeProvider _time;
    private readonly long _nanosecondsATick;
    private Anchor _anchor;

    public WallClock(TimeProvider time)
    {
        _time = time;
        // Linux counts nanoseconds (clock_gettime); clocks that count finer or unevenly are converted by floating point.
        _nanosecondsATick = NanosecondsASecond % time.TimestampFrequency == 0 ? NanosecondsASecond / time.TimestampFrequency : 0;
        _anchor = TakeAnchor();
    }

    /// <summary>The span between two timestamps in nanoseconds.</summary>
    public long Nanoseconds(long from, long to) => _nanosecondsATick > 0
        ? (to - from) * _nanosecondsATick
        : (long)((to - from) * ((double)NanosecondsASecond / _time.TimestampFrequency));

    /// <summary>The time of day of a timestamp.</summary>
    /// <param name="timestamp">A timestamp of the process's clock.</param>
    /// <param name="now">Another one, of this moment or just before.</param>
    public (long Seconds, long Nanoseconds) TimeOfDay(long timestamp, long now)
    {
        var anchor = Volatile.Read(ref _anchor);
        // The time of day can be changed.
        if (now - anchor.Timestamp > _time.TimestampFrequency)
            Volatile.Write(ref _anchor, anchor = TakeAnchor());
        return Math.DivRem(anchor.UnixNanoseconds + Nanoseconds(anchor.Timestamp, timestamp), NanosecondsASecond);
    }

    private Anchor TakeAnchor() =>
        new(_time.GetTimestamp(), (_time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * (NanosecondsASecond / TimeSpan.TicksPerSecond));

    private sealed record Anchor(long Timestamp, long UnixNanoseconds);
}
