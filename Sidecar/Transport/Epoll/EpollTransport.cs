using System.Collections.Concurrent;
using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport.Epoll;

/// <summary>A proxy listener's address and the stages of its connections: what tells it from the sidecar's own HTTP endpoints.</summary>
internal sealed class ProxyEndPoint(IPEndPoint address) : IPEndPoint(address.Address, address.Port)
{
    /// <summary>The stages, as Kestrel's listen options have built them.</summary>
    public ConnectionDelegate Pipeline { get; set; } = _ => throw new InvalidOperationException("the listener has no pipeline");
}

/// <summary>Kestrel's way to the event loops. The own HTTP endpoints stay with Kestrel's socket transport.</summary>
internal sealed class EpollTransport(ListenSockets sockets, EventLoops loops, TcpOptions tcp, ILogger<EpollListener> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDrainable
{
    private readonly ConcurrentBag<EpollListener> _listeners = [];

    public bool CanBind(EndPoint endpoint) => endpoint is ProxyEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = sockets.Take(endpoint);
        // Accepted sockets inherit them.
        tcp.Apply(socket);
        var listener = new EpollListener(endpoint, socket, ((ProxyEndPoint)endpoint).Pipeline, loops, logger);
        _listeners.Add(listener);
        return new(listener);
    }

    public Task StopAcceptingAsync() => Task.WhenAll(_listeners.Select(l => l.UnbindAsync().AsTask()));
}
