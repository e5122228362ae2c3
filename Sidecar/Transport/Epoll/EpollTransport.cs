using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Options;

namespace Sidecar.Transport.Epoll;

/// <summary>Kestrel's way to the event loops. The own HTTP endpoints stay with the sockets of the framework.</summary>
internal sealed class EpollTransport(ListenSockets sockets, EventLoops loops, TcpOptions tcp, ILogger<EpollListener> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDrainable
{
    private readonly ListenerSet<EpollListener> _listeners = new(listener => listener.UnbindAsync().AsTask());

    public bool CanBind(EndPoint endpoint) => endpoint is ProxyEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = sockets.Take(endpoint);
        // Accepted sockets inherit them.
        tcp.Apply(socket);
        return new(_listeners.Add(new EpollListener(endpoint, socket, ((ProxyEndPoint)endpoint).Pipeline, loops, logger)));
    }

    public Task StopAcceptingAsync() => _listeners.StopAsync();
}
