namespace Sidecar.Capture;

/// <summary>The time of captured packets: it stands still between two packets, and for a file it is in the past. Timestamps are nanoseconds since the UNIX epoch.</summary>
internal sealed class CapturedTime : TimeProvider
{
    private const long NanosecondsASecond = 1_000_000_000;

    private long _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => NanosecondsASecond;

    /// <summary>A packet has this time; a packet of an earlier time changes nothing.</summary>
    public void Advance(long time)
    {
        if (time > _now)
            Volatile.Write(ref _now, time);
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp() / TimeSpan.NanosecondsPerTick);
}
