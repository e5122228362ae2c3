using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sidecar.Options;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Sidecar.Transport.Sockets;

namespace Sidecar.Hosting;

/// <summary>Who accepts and connects: the event loops, or the framework's sockets. The own endpoints are always with the latter.</summary>
internal static class TransportServices
{
    // Pause thresholds of Kestrel's pipes, per direction and connection.
    private const long PipeLimit = 64 * 1024;

    /// <summary>Adds what the configured transport needs, behind what serves the own endpoints.</summary>
    public static void AddTransport(this IServiceCollection services, SidecarOptions options, ListenSockets sockets)
    {
        services.Configure<SocketTransportOptions>(transport => (transport.MaxReadBufferSize, transport.MaxWriteBufferSize) = (PipeLimit, PipeLimit));
        if (options.Transport == TransportKind.Epoll)
            services.AddEpoll(options, sockets);
        else
            services.AddSockets(options, sockets);
    }

    /// <summary>Has the transport accept on an address and run the stages that <paramref name="build"/> lists.</summary>
    public static void ListenOn(this KestrelServerOptions kestrel, TransportKind transport, IPEndPoint address, Action<ListenOptions> build)
    {
        var endPoint = new ProxyEndPoint(address);
        kestrel.Listen(endPoint, listen =>
        {
            if (transport == TransportKind.Sockets)
                ((IConnectionBuilder)listen).Use(SocketTransport.Begin);
            build(listen);
            if (transport == TransportKind.Epoll)
                endPoint.Pipeline = ((IConnectionBuilder)listen).Build();
        });
    }

    private static void AddEpoll(this IServiceCollection services, SidecarOptions options, ListenSockets sockets)
    {
        services.AddSingleton(provider => new EventLoops(options.Loops, provider.GetRequiredService<ILogger<EventLoop>>()));
        services.AddListeners(provider => new EpollTransport(
            sockets, provider.GetRequiredService<EventLoops>(), options.Tcp, provider.GetRequiredService<ILogger<EpollListener>>()));
        services.AddSingleton<IDialer>(new EpollDialer(options.Tcp));
    }

    private static void AddSockets(this IServiceCollection services, SidecarOptions options, ListenSockets sockets)
    {
        services.AddListeners(provider => ActivatorUtilities.CreateInstance<SocketTransport>(provider, sockets, options.Tcp));
        services.AddSingleton<IDialer>(provider => new SocketDialer(options.Tcp, provider.GetRequiredService<TimeProvider>()));
    }

    // Of several factories Kestrel asks the last one first.
    private static void AddListeners<T>(this IServiceCollection services, Func<IServiceProvider, T> create)
        where T : class, IConnectionListenerFactory, IDrainable
    {
        services.AddSingleton(create);
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IDrainable>(provider => provider.GetRequiredService<T>());
    }
}
