using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Sidecar.Options;

namespace Sidecar.Transport.Sockets;

/// <summary>The proxy listeners with the framework's sockets and Kestrel's dispatcher.</summary>
internal sealed class SocketTransport(
    ListenSockets sockets, TcpOptions tcp, IOptions<SocketTransportOptions> options, TimeProvider time, ILogger<SocketListener> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDrainable
{
    private readonly ListenerSet<SocketListener> _listeners = new(listener => listener.StopAsync());

    /// <summary>A stage before all others: what they do without waiting is done when the listener takes the connection for begun.</summary>
    public static ConnectionDelegate Begin(ConnectionDelegate next) => connection =>
    {
        var stages = next(connection);
        connection.Features.GetRequiredFeature<SocketListener>().Begin();
        return stages;
    };

    public bool CanBind(EndPoint endpoint) => endpoint is ProxyEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = sockets.Take(endpoint);
        // Accepted sockets inherit them.
        tcp.Apply(socket);
        return new(_listeners.Add(new SocketListener(endpoint, socket, options.Value, time, logger)));
    }

    public Task StopAcceptingAsync() => _listeners.StopAsync();
}
