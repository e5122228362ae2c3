using Sidecar.Connections;

namespace Sidecar.Observation;

/// <summary>
/// Watches one connection of a protocol that is known. It owns no I/O and holds nothing back: it is fed what passes, in the
/// order in which it passes, and one call at a time.
/// </summary>
internal interface IProtocolObserver
{
    /// <summary>Why a direction makes no sense, the first if both do; null while they do.</summary>
    public string? Failure { get; }

    /// <summary>Whether an answer may come for a request that is certain: then responses are read on although requests are not.</summary>
    public bool IsWaiting { get; }

    /// <summary>Bytes of one direction, in pieces of any size.</summary>
    /// <param name="direction">Whose.</param>
    /// <param name="bytes">Shrinks to what was not read, which is nothing unless the direction's observation ends.</param>
    /// <param name="time">When: a timestamp of the connection's clock.</param>
    /// <returns>False once nothing more of the direction can be observed: there is a <see cref="Failure"/>, all answers that are certain have come, or the connection speaks something else from here on.</returns>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time);

    /// <summary>A direction's stream has ended in order.</summary>
    public void End(Direction direction, long time);

    /// <summary>The connection, or its observation, is over: reports what is not whole and gives all memory back. The last call.</summary>
    public void Close(in ConnectionEnding ending, long time);
}
