using Sidecar.Connections;
using Sidecar.Observation;

namespace Sidecar.Relay;

/// <summary>Feeds what a relay passes to an observer, with the time, which is not an event loop's: that stands still during a turn.</summary>
internal sealed class RelayObservation(ConnectionObserver observer, TimeProvider time)
{
    /// <summary>Plain bytes that are about to be passed on.</summary>
    public void Read(Direction direction, ReadOnlySpan<byte> bytes)
    {
        if (!observer.IsOver)
            observer.Read(direction, bytes, time.GetTimestamp());
    }

    /// <summary>A direction has ended in order.</summary>
    public void End(Direction direction) => observer.End(direction, time.GetTimestamp());

    /// <summary>The relay has ended.</summary>
    public void Close(RelayEndReason reason) => observer.Close(CauseOf(reason), time.GetTimestamp());

    private static ExchangeOutcome CauseOf(RelayEndReason reason) => reason switch
    {
        RelayEndReason.Completed => ExchangeOutcome.Completed,
        RelayEndReason.ClientReset => ExchangeOutcome.ClientReset,
        RelayEndReason.UpstreamReset => ExchangeOutcome.ServerReset,
        RelayEndReason.IdleTimeout or RelayEndReason.HalfClosedTimeout => ExchangeOutcome.Timeout,
        _ => ExchangeOutcome.Unmatched,
    };
}
