using Sidecar.Relay;

namespace Sidecar.Observation;

/// <summary>
/// Watches one connection of a protocol that is known. It owns no I/O and holds nothing back: it is fed what passes, in the
/// order in which it passes, and one call at a time.
/// </summary>
internal interface IProtocolObserver
{
    /// <summary>Why the connection makes no sense; null while it does.</summary>
    public string? Failure { get; }

    /// <summary>Bytes of one direction, in pieces of any size.</summary>
    /// <param name="direction">Whose.</param>
    /// <param name="bytes">Shrinks to what was not read, which is nothing unless the observation ends.</param>
    /// <param name="time">When: a timestamp of the connection's clock.</param>
    /// <returns>False once nothing more can be observed: there is a <see cref="Failure"/>, or the connection speaks something else from here on.</returns>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time);

    /// <summary>A direction's stream has ended in order.</summary>
    public void End(Direction direction, long time);

    /// <summary>The connection, or its observation, is over: reports what is not whole (<see cref="Exchange.Abandon"/>) and gives all memory back. The last call.</summary>
    public void Close(ExchangeOutcome outcome, long time);
}
