using Sidecar.Connections;

namespace Sidecar.Observation;

/// <summary>How a connection, or its observation, ended. It decides the outcome of exchanges that are not complete then.</summary>
/// <param name="Cause">The cause of the end; <see cref="ExchangeOutcome.Completed"/> if it ended in order.</param>
/// <param name="First">The direction that ended first, in order; null if none did.</param>
internal readonly record struct ConnectionEnding(ExchangeOutcome Cause, Direction? First = null)
{
    /// <summary>The outcome of an exchange that is not complete.</summary>
    public ExchangeOutcome OutcomeOf(Exchange exchange)
    {
        if (Cause is ExchangeOutcome.Timeout or ExchangeOutcome.Unmatched)
            return Cause;
        // With the whole response the client has what it asked for (RFC 9113, 8.1), whatever ended the connection.
        if (exchange.IsAnswered)
            return ExchangeOutcome.Completed;
        if (First == Direction.Response)
            return ExchangeOutcome.ServerReset;
        // A client can end its side after a whole request and wait (RFC 9112, 9.6). Then a reset by the server is the cause, not this end.
        if (First == Direction.Request && (Cause == ExchangeOutcome.Completed || !exchange.IsRequested))
            return ExchangeOutcome.ClientReset;
        return Cause == ExchangeOutcome.Completed ? ExchangeOutcome.Unmatched : Cause;
    }
}
