using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sidecar.Configuration;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Sidecar.Transport.Sockets;

namespace Sidecar.Hosting;

/// <summary>Who accepts and connects: the event loops, or Kestrel's socket transport. The own endpoints are always with the latter.</summary>
internal static class TransportServices
{
    // Pause thresholds of Kestrel's pipes, per direction and connection.
    private const long PipeLimit = 64 * 1024;

    /// <summary>Adds what the configured transport needs.</summary>
    public static void AddTransport(this IServiceCollection services, SidecarOptions options, ListenSockets sockets, BoundAddresses addresses)
    {
        services.Configure<SocketTransportOptions>(transport => (transport.MaxReadBufferSize, transport.MaxWriteBufferSize) = (PipeLimit, PipeLimit));
        if (options.Transport == TransportKind.Epoll)
            services.AddEpoll(options, sockets);
        else
            services.AddSockets(options, sockets, addresses);
    }

    /// <summary>Has the transport accept on an address and run the stages that <paramref name="build"/> lists.</summary>
    public static void ListenOn(this KestrelServerOptions kestrel, TransportKind transport, IPEndPoint address, Action<ListenOptions> build)
    {
        if (transport == TransportKind.Sockets)
        {
            kestrel.Listen(address, build);
            return;
        }

        var endPoint = new ProxyEndPoint(address);
        kestrel.Listen(endPoint, listen =>
        {
            build(listen);
            endPoint.Pipeline = ((IConnectionBuilder)listen).Build();
        });
    }

    private static void AddEpoll(this IServiceCollection services, SidecarOptions options, ListenSockets sockets)
    {
        services.AddSingleton(provider => new EventLoops(options.Loops, provider.GetRequiredService<ILogger<EventLoop>>()));
        services.AddSingleton(provider => new EpollTransport(
            sockets, provider.GetRequiredService<EventLoops>(), options.Tcp, provider.GetRequiredService<ILogger<EpollListener>>()));
        // Kestrel adds its own only where no other is; the HTTP endpoints need it. The last one is asked first.
        services.AddSingleton<IConnectionListenerFactory, SocketTransportFactory>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<EpollTransport>());
        services.AddSingleton<IDrainable>(provider => provider.GetRequiredService<EpollTransport>());
        services.AddSingleton<IDialer>(new EpollDialer(options.Tcp));
    }

    private static void AddSockets(this IServiceCollection services, SidecarOptions options, ListenSockets sockets, BoundAddresses addresses)
    {
        services.PostConfigure<SocketTransportOptions>(transport =>
        {
            transport.NoDelay = options.Tcp.NoDelay;
            var take = transport.CreateBoundListenSocket;
            transport.CreateBoundListenSocket = endPoint =>
            {
                var socket = take(endPoint);
                // Accepted sockets inherit them.
                if (addresses.Listeners.Contains(endPoint))
                    options.Tcp.Apply(socket);
                return socket;
            };
        });
        services.AddSingleton<IDrainable>(new SocketListeners(sockets, addresses.Listeners));
        services.AddSingleton<IDialer>(provider => new SocketDialer(options.Tcp, provider.GetRequiredService<TimeProvider>()));
    }
}
