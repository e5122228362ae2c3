using Sidecar.Transport;

namespace Sidecar.Relay;

/// <summary>Whether the peer has acknowledged what was sent to it. The kernel tells nobody, so it is asked.</summary>
internal static class Delivery
{
    /// <summary>How long a peer may leave segments unanswered at the end: some five retransmissions (RFC 6298, from 200 ms on).</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // An abort ends the wait with its next look: well within the half second that a drain gives.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Completes once all is acknowledged, or no longer can be: the connection is over, or its peer has answered nothing for
    /// <see cref="Patience"/>, or has a full window for <paramref name="limit"/>.
    /// </summary>
    /// <returns>What was lost; null when nothing was.</returns>
    public static async Task<DeliveryLoss?> WaitAsync(IRawSocket socket, TimeSpan limit, TimeProvider time)
    {
        var (last, since, pause) = (int.MaxValue, 0L, TimeSpan.FromMilliseconds(1));
        for (int left; (left = socket.Unacknowledged) > 0; last = left)
        {
            var state = TcpState.Read(socket);
            if (state.IsOver)
                // Asked again: what was acknowledged last, or this process's own close, may have come in between.
                return socket.Unacknowledged is var lost and > 0 ? new DeliveryLoss(lost, IsRefused: true) : null;
            if (left < last)
                since = time.GetTimestamp();
            var still = time.GetElapsedTime(since);
            if (still >= Patience && state.Silence >= Patience)
                return new DeliveryLoss(left, IsRefused: true);
            if (still >= limit)
                return new DeliveryLoss(left, IsRefused: false);
            await Task.Delay(pause, time);
            pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, 2 * pause.Ticks));
        }

        return null;
    }
}

/// <summary>Bytes that were sent and never acknowledged.</summary>
/// <param name="Bytes">How many.</param>
/// <param name="IsRefused">Whether the peer has reset the connection or is silent; else it answers and takes nothing.</param>
internal sealed record DeliveryLoss(int Bytes, bool IsRefused);
