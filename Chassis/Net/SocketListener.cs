using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Chassis.Net;

/// <summary>Gives the connections of a <see cref="SocketAcceptor"/> to Kestrel, as connections of Kestrel's socket transport.</summary>
public sealed class SocketListener : IConnectionListener
{
    private readonly SocketAcceptor _acceptor;
    private readonly SocketConnectionContextFactory _connections;

    /// <summary>Takes over a listening socket. When Kestrel calls <see cref="AcceptAsync"/>, it accepts on this socket.</summary>
    /// <param name="endPoint">The bound address.</param>
    /// <param name="socket">The listening socket. Accepted ones inherit its options.</param>
    /// <param name="options">Options for the pipes of connections.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets a line when no connection can be accepted.</param>
    public SocketListener(EndPoint endPoint, Socket socket, SocketTransportOptions options, TimeProvider time, ILogger<SocketListener> logger)
    {
        _acceptor = new SocketAcceptor(endPoint, socket, time, logger);
        _connections = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions
            {
                IOQueueCount = options.IOQueueCount,
                MaxReadBufferSize = options.MaxReadBufferSize,
                MaxWriteBufferSize = options.MaxWriteBufferSize,
                UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
                WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
            },
            logger);
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => _acceptor.EndPoint;

    /// <summary>The next connection; null when the listener has been stopped and has accepted all that the kernel had queued.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _acceptor.AcceptAsync(cancellationToken) is { } accepted)
        {
            try
            {
                return _connections.Create(accepted);
            }
            catch (SocketException)
            {
                // It was reset in the meantime and has no addresses any more; the next one may be good.
                accepted.Dispose();
            }
        }

        return null;
    }

    /// <summary>Accepts the connections that the kernel has queued and closes the socket.</summary>
    public void Stop() => _acceptor.Stop();

    /// <summary>
    /// Makes the pending <see cref="AcceptAsync"/> accept the queued connections and close the socket; Kestrel waits for its end.
    /// </summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        Stop();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _acceptor.Dispose();
        _connections.Dispose();
        return default;
    }
}
