using Sidecar.Connections;

namespace Sidecar.Observation;

/// <summary>How a connection, or the observation of it, ended: what judges exchanges that are not whole by then.</summary>
/// <param name="Cause">What ended it; <see cref="ExchangeOutcome.Completed"/> when it ended in order.</param>
/// <param name="First">The direction that ended first, in order; null when none has ended so.</param>
internal readonly record struct ConnectionEnding(ExchangeOutcome Cause, Direction? First = null)
{
    /// <summary>The outcome of an exchange that is not whole.</summary>
    public ExchangeOutcome OutcomeOf(Exchange exchange)
    {
        if (Cause is ExchangeOutcome.Timeout or ExchangeOutcome.Unmatched)
            return Cause;
        // With all of the response the client has what it wanted (RFC 9113, 8.1), whoever leaves then and however.
        if (exchange.IsAnswered)
            return ExchangeOutcome.Completed;
        if (First == Direction.Response)
            return ExchangeOutcome.ServerReset;
        // A client may end its side behind a whole request and wait (RFC 9112, 9.6), so a reset of the server's tells more then.
        if (First == Direction.Request && (Cause == ExchangeOutcome.Completed || !exchange.IsRequested))
            return ExchangeOutcome.ClientReset;
        return Cause == ExchangeOutcome.Completed ? ExchangeOutcome.Unmatched : Cause;
    }
}
