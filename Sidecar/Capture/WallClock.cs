using System.Diagnostics;

namespace Sidecar.Capture;

/// <summary>Nanoseconds since the UNIX epoch, also of the kernel's monotonic clock, which a <see cref="Stopwatch"/> reads on Linux.</summary>
internal sealed class WallClock
{
    private long _offset;
    private long _measured;

    public WallClock() => Measure();

    /// <summary>The time now.</summary>
    public static long Now => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>The time at which the monotonic clock showed this.</summary>
    public long At(long monotonic)
    {
        // The wall clock is set and adjusted.
        if (monotonic - _measured > Stopwatch.Frequency)
            Measure();
        return monotonic + _offset;
    }

    private void Measure()
    {
        _measured = Stopwatch.GetTimestamp();
        _offset = Now - _measured;
    }
}
