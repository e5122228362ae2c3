using Sidecar.Connections;

namespace Sidecar.Observation;

/// <summary>
/// Watches one connection of a known protocol. It does no I/O and delays no bytes: it gets the bytes in the
/// order in which they pass, one call at a time.
/// </summary>
internal interface IProtocolObserver
{
    /// <summary>Why a direction breaks the protocol, the first if both do; null if none does.</summary>
    public string? Failure { get; }

    /// <summary>Whether a known request can still get its response. Then responses are read although requests are not.</summary>
    public bool IsWaiting { get; }

    /// <summary>Bytes of one direction, in pieces of any size.</summary>
    /// <param name="direction">Their direction.</param>
    /// <param name="bytes">Shrinks to the bytes that were not read; none remain unless the direction's observation ends.</param>
    /// <param name="time">Their time: a timestamp of the connection's clock.</param>
    /// <returns>
    /// False when nothing more of the direction can be observed: there is a <see cref="Failure"/>, all known requests have their responses,
    /// or the connection speaks another protocol from here on.
    /// </returns>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time);

    /// <summary>Bytes of a direction passed that nobody has seen.</summary>
    /// <returns>Whether they certainly belong to a body, so that nothing is lost.</returns>
    public bool Skip(Direction direction, long count, long time);

    /// <summary>A direction's stream has ended in order.</summary>
    public void End(Direction direction, long time);

    /// <summary>
    /// The connection, or its observation, has ended: reports incomplete exchanges and releases all memory. The last call.
    /// </summary>
    public void Close(in ConnectionEnding ending, long time);
}
