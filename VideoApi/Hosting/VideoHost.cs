using Chassis.Endpoints;
using Chassis.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace VideoApi.Hosting;

/// <summary>What the three services have in common as HTTP servers.</summary>
internal static partial class VideoHost
{
    // A stream that is still running when told to stop gets this long; then its connection is closed.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(3);

    // A browser sends it at once; a slow network takes seconds.
    private static readonly TimeSpan HeadLimit = TimeSpan.FromSeconds(10);

    // Each costs a descriptor, a forwarded one two; where the limit of open files is low, it decides.
    private const int MaxConnections = 1500;

    /// <summary>A builder of a server that has claimed its port.</summary>
    /// <exception cref="Chassis.UsageException">The port is in use or the address is not this machine's.</exception>
    public static WebApplicationBuilder CreateBuilder(Listener listener)
    {
        var sockets = new ListenSockets();
        var places = new ConnectionPlaces(Math.Min(MaxConnections, OpenFiles.Room(each: 2)), TimeProvider.System);
        var address = sockets.Bind(listener.Address, listener.Source);

        // Nothing is read from appsettings.json or the environment: the command line says everything.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(listener.LogLevel);
        builder.WebHost.UseKestrelCore().UseListenSockets(sockets).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = HeadLimit;
            // No route reads a body.
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UsePlaces(places);
            });
        });
        builder.Services.AddRouting();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>Runs a service until SIGTERM, SIGINT or <paramref name="cancellation"/>.</summary>
    public static async Task RunAsync(WebApplication app, string name, CancellationToken cancellation)
    {
        app.Lifetime.ApplicationStarted.Register(() => LogListening(app.Logger, name, string.Join(", ", app.Urls)));
        await app.StartAsync(cancellation);
        await app.WaitForShutdownAsync(cancellation);
    }

    [LoggerMessage(1, LogLevel.Information, "{Service} listens on {Addresses}")]
    private static partial void LogListening(ILogger logger, string service, string addresses);
}
