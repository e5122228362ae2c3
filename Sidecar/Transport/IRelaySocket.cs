using Microsoft.AspNetCore.Connections;
using Sidecar.Transport.Sockets;

namespace Sidecar.Transport;

/// <summary>
/// One side of a relay. No call waits: each returns a result, and a callback comes when another try makes sense. One reader and one
/// writer may use it at the same time.
/// </summary>
internal interface IRelaySocket : IRawSocket
{
    /// <summary>Longest wait for a peer that acknowledges none of the sent bytes: such a peer does not want them.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether the connection is known to be over. Bytes that came before can still be read.</summary>
    public bool IsBroken { get; }

    /// <summary>The cause of <see cref="SocketStatus.Failed"/>, as a text; null if there was no error.</summary>
    public string? ErrorText { get; }

    /// <summary>Bytes that the peer has not acknowledged but still can.</summary>
    public int Unsent { get; }

    /// <summary>Reads the bytes that have come.</summary>
    /// <param name="limit">Most bytes to read.</param>
    /// <param name="chunk">The bytes; the caller may change them. They are valid until the next read on the same event loop.</param>
    public SocketStatus Receive(int limit, out Span<byte> chunk);

    /// <summary>Takes bytes, maybe only some of them. If it would block, the caller must give the same bytes again.</summary>
    public SocketStatus Send(ReadOnlySpan<byte> bytes, out int count);

    /// <summary>Calls back once when a read makes sense.</summary>
    public void WhenReadable(Action callback);

    /// <summary>Calls back once when a write makes sense.</summary>
    public void WhenWritable(Action callback);

    /// <summary>Calls back once, after other connections have had their turn.</summary>
    public void Defer(Action callback);

    /// <summary>When this side breaks, the callbacks of the other side are called.</summary>
    public void WakeWhenBroken(IRelaySocket other);

    /// <summary>Calls the waiting callbacks.</summary>
    public void Wake();

    /// <summary>Completes when the peer has acknowledged all sent bytes, or no longer can or wants to.</summary>
    public Task WhenAllIsSentAsync();

    /// <summary>Resets the connection. Any thread may call it.</summary>
    public void Abort(ConnectionAbortedException reason);
}

internal static class RelaySocketExtensions
{
    /// <summary>The connection as one side of a relay: its transport's own implementation, or one that uses the pipe.</summary>
    public static IRelaySocket RelaySocket(this ConnectionContext connection) =>
        connection.Features.Get<IRelaySocket>() ?? new PipeSocket(connection, connection.RawSocket());
}
