namespace Sidecar.Transform.Command;

/// <summary>
/// Measures how fast code moves bytes, even on a busy machine: the codes take short turns, one after the other, and the
/// fastest turn of each counts. A turn is far shorter than the time slice of a scheduler, so many turns are undisturbed.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class SpeedMeter(TimeProvider time)
{
    private static readonly TimeSpan Turn = TimeSpan.FromMicroseconds(200);

    // The runtime compiles hot code again after 100 ms. After that, the measurement ends when no turn was faster for this time.
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);
    private const double Faster = 1.01;

    /// <summary>Bytes a second of each code.</summary>
    public double[] Best(int bytes, params ReadOnlySpan<Action> codes)
    {
        var best = new double[codes.Length];
        var started = time.GetTimestamp();
        var improved = started;
        while (time.GetElapsedTime(improved) < Settled && time.GetElapsedTime(started) < Limit)
        {
            for (var i = 0; i < codes.Length; i++)
            {
                var speed = bytes * CallsPerSecond(codes[i]);
                if (speed > best[i] * Faster)
                    improved = time.GetTimestamp();
                best[i] = Math.Max(best[i], speed);
            }
        }

        return best;
    }

    private double CallsPerSecond(Action code)
    {
        var started = time.GetTimestamp();
        for (var calls = 1L; ; calls++)
        {
            code();
            if (time.GetElapsedTime(started) is var took && took >= Turn)
                return calls / took.TotalSeconds;
        }
    }
}
