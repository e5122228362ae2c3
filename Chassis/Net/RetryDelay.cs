namespace Chassis.Net;

/// <summary>The wait before another attempt: it doubles from 100 ms to 30 s, and is up to a half shorter by chance.</summary>
public sealed class RetryDelay
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private TimeSpan _next = Shortest;

    /// <summary>The next one.</summary>
    /// <param name="asked">What the server asks for; null if it does not.</param>
    public TimeSpan Next(TimeSpan? asked)
    {
        // Sidecars that lost the server at the same moment must not come back at the same moment.
        var delay = _next * (1 - (Random.Shared.NextDouble() / 2));
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return asked is { } wait && wait > delay ? (wait < Longest ? wait : Longest) : delay;
    }

    /// <summary>An attempt has succeeded.</summary>
    public void Reset() => _next = Shortest;
}
