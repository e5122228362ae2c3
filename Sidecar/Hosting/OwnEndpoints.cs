using Chassis.Endpoints;
using Chassis.Metrics;
using Chassis.Net;
using Sidecar.Hosting.Metrics;
using Sidecar.Options;
using Sidecar.Records.Exchanges;

namespace Sidecar.Hosting;

/// <summary>The HTTP endpoints of a process on one Kestrel: metrics, health and, if configured, admin.</summary>
/// <param name="options">Which host names they accept.</param>
/// <param name="addresses">Their sockets.</param>
internal sealed class OwnEndpoints(ProcessOptions options, BoundAddresses addresses)
{
    private readonly ServiceEndpoint _metrics = new("metrics", WebPageGuard.ForMonitoring(options.Metrics.Hosts, "metrics.hosts"));
    private readonly ServiceEndpoint _health = new("health", WebPageGuard.ForMonitoring(options.Health.Hosts, "health.hosts"));
    private readonly ServiceEndpoint _admin = new("admin", WebPageGuard.Strict);

    /// <summary>A builder of a process that has such endpoints, and its log.</summary>
    public static WebApplicationBuilder Builder(ProcessOptions options, ListenSockets sockets)
    {
        // The empty builder reads no appsettings.json. Other builders watch the whole working folder for it, even if it is the root.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(options.LogLevel);
        builder.Services.AddRoutingCore().AddMetrics();
        builder.WebHost.UseKestrelCore().UseListenSockets(sockets);
        return builder;
    }

    /// <summary>Takes their sockets.</summary>
    public void Listen(IWebHostBuilder host) => host.ConfigureKestrel((_, kestrel) =>
    {
        kestrel.AddServerHeader = false;
        ServiceEndpoint.Limit(kestrel);
        _metrics.Listen(kestrel, addresses.Metrics);
        _health.Listen(kestrel, addresses.Health);
        if (addresses.Admin is { } address)
            _admin.Listen(kestrel, address);
    });

    /// <summary>Maps their routes, and opens what must fail at the start if it cannot be opened.</summary>
    public void Map(WebApplication app, Action<IEndpointRouteBuilder> health, Action<IEndpointRouteBuilder> admin)
    {
        // Made before the first connection, so that it listens to every meter.
        var bridge = app.Services.GetRequiredService<PrometheusBridge>();
        _metrics.Map(app, routes => routes.MapMetrics(bridge));
        _health.Map(app, health);
        _admin.Map(app, admin);
        app.Services.GetRequiredService<ProcessMeter>();
        if (MetricsExport.IsSupported)
            app.Services.GetService<MetricsExport>();
        app.Services.GetService<ExchangeRecorder>();
    }
}
