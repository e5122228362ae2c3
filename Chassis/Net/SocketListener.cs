using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Chassis.Net;

/// <summary>Hands what a <see cref="SocketAcceptor"/> accepts to Kestrel, as connections of Kestrel's socket transport.</summary>
public sealed class SocketListener : IConnectionListener
{
    private readonly SocketAcceptor _acceptor;
    private readonly SocketConnectionContextFactory _connections;

    /// <summary>Takes a listening socket over; Kestrel's calls of <see cref="AcceptAsync"/> accept on it.</summary>
    /// <param name="endPoint">The address as it was bound.</param>
    /// <param name="socket">The listening socket. Accepted ones inherit its options.</param>
    /// <param name="options">Of the connections' pipes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when nothing can be accepted.</param>
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

    /// <summary>The next connection; null once the listener is stopped and has accepted what the kernel had queued.</summary>
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
                // It was reset meanwhile and has no addresses any more; the next may be well.
                accepted.Dispose();
            }
        }

        return null;
    }

    /// <summary>Accepts what the kernel has queued and closes the socket.</summary>
    public void Stop() => _acceptor.Stop();

    /// <summary>Has the pending <see cref="AcceptAsync"/> accept what is queued and close the socket; Kestrel waits for its end.</summary>
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
