namespace Sidecar.Capture;

/// <summary>The time of captured packets: it stands still between two packets, and for a file it is in the past. Timestamps are nanoseconds since the UNIX epoch.</summary>
/// <param name="isLive">Whether the packets pass now: then a step of the clock is none of the packets' times.</param>
internal sealed class CapturedTime(bool isLive) : TimeProvider
{
    private const long NanosecondsASecond = 1_000_000_000;

    // Longer than packets of several processors are out of order, and than a source is silent.
    private const long Step = 5 * NanosecondsASecond;

    private long _now;
    private long _last;
    private long _shift;

    /// <inheritdoc/>
    public override long TimestampFrequency => NanosecondsASecond;

    /// <summary>A time of a packet, without the steps of the clock before it.</summary>
    public long Continuous(long time)
    {
        if (!isLive)
            return time;
        var passed = time - _last;
        if (_last != 0 && passed is < -Step or > Step)
            Volatile.Write(ref _shift, _shift - passed);
        if (passed is > 0 or < -Step)
            _last = time;
        return time + _shift;
    }

    /// <summary>The time of day of a timestamp.</summary>
    public DateTimeOffset TimeOfDay(long timestamp) => DateTimeOffset.UnixEpoch.AddTicks((timestamp - Volatile.Read(ref _shift)) / TimeSpan.NanosecondsPerTick);

    /// <summary>A packet has this time; a packet of an earlier time changes nothing.</summary>
    public void Advance(long time)
    {
        if (time > _now)
            Volatile.Write(ref _now, time);
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => TimeOfDay(GetTimestamp());
}
