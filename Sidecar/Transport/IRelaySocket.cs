using Microsoft.AspNetCore.Connections;
using Sidecar.Transport.Sockets;

namespace Sidecar.Transport;

/// <summary>
/// One side of a relay. No call waits: each tells how it ended, and a callback says when a try is worth it again. One reader and one
/// writer may use it at the same time.
/// </summary>
internal interface IRelaySocket : IRawSocket
{
    /// <summary>How long what was sent is waited for while the peer acknowledges nothing of it: such a peer does not want it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether the connection is known to be over although bytes that came before can still be read.</summary>
    public bool IsBroken { get; }

    /// <summary>The error behind <see cref="SocketStatus.Failed"/>, in words; null when there was none.</summary>
    public string? ErrorText { get; }

    /// <summary>Bytes that the peer has not acknowledged yet and still can.</summary>
    public int Unsent { get; }

    /// <summary>Reads what is there.</summary>
    /// <param name="limit">Most bytes to read.</param>
    /// <param name="chunk">They may be overwritten, and stay until the next read, or the next one on the same event loop.</param>
    public SocketStatus Receive(int limit, out Span<byte> chunk);

    /// <summary>Hands bytes over, maybe not all of them. Where it would block, the same bytes are to be given again.</summary>
    public SocketStatus Send(ReadOnlySpan<byte> bytes, out int count);

    /// <summary>Calls back once when reading is worth a try.</summary>
    public void WhenReadable(Action callback);

    /// <summary>Calls back once when writing is worth a try.</summary>
    public void WhenWritable(Action callback);

    /// <summary>Calls back once others had their turn.</summary>
    public void Defer(Action callback);

    /// <summary>Once this one breaks, the other's callbacks are called.</summary>
    public void WakeWhenBroken(IRelaySocket other);

    /// <summary>Calls the callbacks.</summary>
    public void Wake();

    /// <summary>Completes once the peer has acknowledged all that was sent, or no longer can or wants to.</summary>
    public Task WhenAllIsSentAsync();

    /// <summary>Resets the connection. Any thread may call it.</summary>
    public void Abort(ConnectionAbortedException reason);
}

internal static class RelaySocketExtensions
{
    /// <summary>The connection as one side of a relay: as its transport has it, or by its pipe.</summary>
    public static IRelaySocket RelaySocket(this ConnectionContext connection) =>
        connection.Features.Get<IRelaySocket>() ?? new PipeSocket(connection, connection.RawSocket());
}
