using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sidecar.Options;
using Sidecar.Transport;
using Sidecar.Transport.Epoll;
using Sidecar.Transport.Sockets;

namespace Sidecar.Hosting;

/// <summary>Who accepts and connects: the event loops, or the framework's sockets. The own endpoints are always with the latter.</summary>
internal static class TransportServices
{
    // Pause thresholds of the own endpoints' pipes, per direction and connection.
    private const long PipeLimit = 64 * 1024;

    /// <summary>Adds what the configured transport needs.</summary>
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
