using Sidecar.Transport;

namespace Sidecar.Relay;

/// <summary>Whether the peer has acknowledged the bytes that were sent to it. The kernel sends no event for this, so it is asked.</summary>
internal static class Delivery
{
    /// <summary>How long a peer can leave segments unanswered at the end: some five retransmissions (RFC 6298, from 200 ms on).</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // An abort ends the wait at the next look: well within the half second that a drain allows.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Completes when all is acknowledged, or cannot be any more: the connection is over, or its peer has answered nothing for
    /// <see cref="Patience"/>, or its window has been full for <paramref name="limit"/>.
    /// </summary>
    /// <returns>The lost bytes; null if none were lost.</returns>
    public static async Task<DeliveryLoss?> WaitAsync(IRawSocket socket, TimeSpan limit, TimeProvider time)
    {
        var (last, since, pause) = (int.MaxValue, 0L, TimeSpan.FromMilliseconds(1));
        for (int left; (left = socket.Unacknowledged) > 0; last = left)
        {
            var state = TcpState.Read(socket);
            if (state.IsOver)
                // Asked again, because the last acknowledgement, or this process's own close, can have come in between.
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
/// <param name="Bytes">Their number.</param>
/// <param name="IsRefused">Whether the peer has reset the connection or is silent; otherwise it answers but takes nothing.</param>
internal sealed record DeliveryLoss(int Bytes, bool IsRefused);
