using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sidecar.Options;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Sidecar.Transport.Sockets;

namespace Sidecar.Hosting;

/// <summary>Registers the transport: event loops, or the framework's sockets. The own endpoints always use the latter.</summary>
internal static class TransportServices
{
    // Pause threshold of the pipes of own endpoints, for each direction of a connection.
    private const long PipeLimit = 64 * 1024;

    /// <summary>Adds the services of the configured transport.</summary>
    public static void AddTransport(this IServiceCollection services, SidecarOptions options)
    {
        services.Configure<SocketTransportOptions>(transport => (transport.MaxReadBufferSize, transport.MaxWriteBufferSize) = (PipeLimit, PipeLimit));
        if (options.Transport == TransportKind.Epoll)
            services.AddEpoll(options);
        else
            services.AddSockets(options);
    }

    private static void AddEpoll(this IServiceCollection services, SidecarOptions options)
    {
        services.AddSingleton(provider => new EventLoops(options.Loops, provider.GetRequiredService<ILogger<EventLoop>>()));
        services.AddSingleton<IProxyTransport>(provider => ActivatorUtilities.CreateInstance<EpollTransport>(provider, options.Tcp));
        services.AddSingleton<IDialer>(new EpollDialer(options.Tcp));
    }

    private static void AddSockets(this IServiceCollection services, SidecarOptions options)
    {
        services.AddSingleton<IProxyTransport>(provider => ActivatorUtilities.CreateInstance<SocketTransport>(provider, options.Tcp));
        services.AddSingleton<IDialer>(provider => new SocketDialer(options.Tcp, provider.GetRequiredService<TimeProvider>()));
    }
}
