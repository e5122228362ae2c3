using System.Numerics;

namespace Sidecar.Records.Command;

/// <summary>Durations in bounded memory: each power of two is divided into 64 steps, so a percentile is at most 1.6 % off.</summary>
internal sealed class LatencyHistogram
{
    private const int Steps = 64;
    private const int StepBits = 6;

    // Up to 2^45 ticks: forty days. Longer durations count as that.
    private const int Powers = 40;

    private readonly long[] _counts = new long[Steps * Powers];

    /// <summary>The number of durations.</summary>
    public long Count { get; private set; }

    public void Add(TimeSpan span)
    {
        _counts[IndexOf(Math.Max(0, span.Ticks))]++;
        Count++;
    }

    /// <summary>The longest duration within a share of the shortest ones; null if there are none.</summary>
    /// <param name="share">0 to 1.</param>
    public TimeSpan? Percentile(double share)
    {
        var left = Math.Max(1, (long)Math.Ceiling(share * Count));
        for (var i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0)
                return TimeSpan.FromTicks(ValueOf(i));
        }

        return null;
    }

    // Below 64 each tick is a separate step; from 64 on a step is the number's first seven bits.
    private static int IndexOf(long ticks)
    {
        var power = Math.Max(0, BitOperations.Log2((ulong)ticks | 1) - StepBits);
        return (int)Math.Min((power * Steps) + (ticks >> power), (Steps * Powers) - 1);
    }

    private static long ValueOf(int index) => index < 2 * Steps ? index : (long)(Steps + (index % Steps)) << ((index / Steps) - 1);
}
