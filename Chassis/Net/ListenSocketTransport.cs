using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Chassis.Net;

/// <summary>Kestrel's socket transport on listening sockets that were opened before.</summary>
/// <param name="sockets">The open listening sockets.</param>
/// <param name="options">Options for the connections.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets a line when no connection can be accepted.</param>
public sealed class ListenSocketTransport(
    ListenSockets sockets, IOptions<SocketTransportOptions> options, TimeProvider time, ILogger<SocketListener> logger)
    : IConnectionListenerFactory
{
    /// <summary>Takes over the socket of an address.</summary>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = ListenOn(endpoint, sockets.Take(endpoint));
        return new(sockets.DefaultOf(endpoint) is { } wanted ? new ReturningListener(listener, wanted, ListenOn, time, logger) : listener);
    }

    private SocketListener ListenOn(EndPoint endpoint, Socket socket)
    {
        // Accepted sockets inherit it.
        if (endpoint is IPEndPoint)
            socket.NoDelay = options.Value.NoDelay;
        return new SocketListener(endpoint, socket, options.Value, time, logger);
    }
}

/// <summary>Makes Kestrel accept on the sockets of a <see cref="ListenSockets"/>.</summary>
public static class ListenSocketTransportExtensions
{
    /// <summary>
    /// Kestrel takes its listening sockets from <paramref name="sockets"/>, except those that a transport added later binds.
    /// </summary>
    public static IWebHostBuilder UseListenSockets(this IWebHostBuilder builder, ListenSockets sockets) =>
        builder.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory>(
            provider => ActivatorUtilities.CreateInstance<ListenSocketTransport>(provider, sockets)));
}
