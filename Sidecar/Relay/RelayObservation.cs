using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Observation;

namespace Sidecar.Relay;

/// <summary>
/// Gives the bytes of a relay to an observer, with the time. The time is not that of an event loop, which stands still during a turn.
/// </summary>
/// <param name="observer">The observer.</param>
/// <param name="role">The listener's role. The plain side is the client's at p1 and alone, and the service's at p2.</param>
/// <param name="time">The process's clock.</param>
internal sealed class RelayObservation(ConnectionObserver observer, SidecarRole role, TimeProvider time)
{
    private bool IsDone => observer.IsOver;

    /// <summary>Starts to give it the bytes of both directions.</summary>
    public void Watch(IRelay relay)
    {
        foreach (var direction in (ReadOnlySpan<Direction>)[Direction.Request, Direction.Response])
            relay[direction].Watch(new Watcher(this, direction, isPlainBefore: direction == Direction.Request == (role != SidecarRole.Inbound)));
    }

    /// <summary>A direction has ended in order.</summary>
    public void End(Direction direction) => observer.End(direction, time.GetTimestamp());

    /// <summary>The relay has ended.</summary>
    public void Close(RelayEndReason reason) => observer.Close(CauseOf(reason), time.GetTimestamp());

    private static ExchangeOutcome CauseOf(RelayEndReason reason) => reason switch
    {
        RelayEndReason.Completed => ExchangeOutcome.Completed,
        RelayEndReason.ClientReset or RelayEndReason.ClientTruncated => ExchangeOutcome.ClientReset,
        RelayEndReason.UpstreamReset or RelayEndReason.UpstreamTruncated => ExchangeOutcome.ServerReset,
        RelayEndReason.IdleTimeout or RelayEndReason.HalfClosedTimeout => ExchangeOutcome.Timeout,
        _ => ExchangeOutcome.Unmatched,
    };

    private void Read(Direction direction, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
            observer.Read(direction, bytes, time.GetTimestamp());
    }

    // The plain side is before a codec that encodes, and after one that decodes.
    private sealed class Watcher(RelayObservation observation, Direction direction, bool isPlainBefore) : IChunkWatcher
    {
        public bool IsDone => observation.IsDone;

        public void Received(long offset, ReadOnlySpan<byte> chunk)
        {
            if (isPlainBefore)
                observation.Read(direction, chunk);
        }

        public void Passed(ReadOnlySpan<byte> bytes)
        {
            if (!isPlainBefore)
                observation.Read(direction, bytes);
        }

        public void Failed()
        {
        }
    }
}
