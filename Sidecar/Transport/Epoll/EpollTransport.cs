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
internal sealed class EpollTransport(ListenSockets sockets, EventLoops loops, ILogger<EpollListener> logger) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is ProxyEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new EpollListener(endpoint, sockets.Take(endpoint), ((ProxyEndPoint)endpoint).Pipeline, loops, logger));
}
