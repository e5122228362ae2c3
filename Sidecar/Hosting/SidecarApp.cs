using System.Diagnostics.Metrics;
using System.Net;
using Chassis.Endpoints;
using Chassis.Metrics;
using Chassis.Net;
using Chassis.Records;
using Oracle.Protocol;
using Sidecar.Authorization;
using Sidecar.Authorization.Kept;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Hosting.Admin;
using Sidecar.Hosting.Signals;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Records.Exchanges;
using Sidecar.Relay;
using Sidecar.Resolution;
using Sidecar.Telemetry;
using Sidecar.Upstream;

namespace Sidecar.Hosting;

/// <summary>One sidecar process: its listeners and its own endpoints on one Kestrel.</summary>
internal sealed partial class SidecarApp : IAsyncDisposable
{
    // For answers of the own endpoints that are under way when no proxied connection is left.
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(2);

    private readonly ListenSockets _sockets;
    private readonly WebApplication _app;

    private SidecarApp(ListenSockets sockets, WebApplication app, BoundAddresses addresses)
    {
        (_sockets, _app, Addresses) = (sockets, app, addresses);
    }

    /// <summary>Where everything listens, with real ports.</summary>
    public BoundAddresses Addresses { get; }

    /// <summary>The parts, for tests.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Claims the ports and builds the process; nothing is accepted before it runs.</summary>
    /// <exception cref="Chassis.UsageException">A port is in use, or the records' file cannot be opened.</exception>
    public static SidecarApp Create(SidecarOptions options)
    {
        var sockets = new ListenSockets { Avoided = BoundAddresses.TargetPorts(options) };
        try
        {
            var addresses = BoundAddresses.Bind(options, sockets);
            var app = Build(options, sockets, addresses);
            return new SidecarApp(sockets, app, addresses);
        }
        catch
        {
            sockets.Dispose();
            throw;
        }
    }

    public Task StartAsync() => _app.StartAsync();

    /// <summary>Drains, and then stops the own endpoints.</summary>
    public async Task StopAsync()
    {
        await Services.GetRequiredService<Drain>().RunAsync();
        await _app.StopAsync();
    }

    /// <summary>Runs until SIGTERM, SIGINT or <c>POST /drain</c>.</summary>
    public async Task RunAsync()
    {
        var drain = Services.GetRequiredService<Drain>();
        try
        {
            await StartAsync();
        }
        catch (OperationCanceledException) when (drain.Begun.IsCompleted)
        {
            // Told to end in the middle of the start: what has begun of it ends below.
        }

        await drain.Begun;
        await StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _sockets.Dispose();
    }

    private static WebApplication Build(SidecarOptions options, ListenSockets sockets, BoundAddresses addresses)
    {
        // The empty builder reads no appsettings.json, for which others watch all below the working folder, be it the root.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(options.LogLevel);
        builder.Services.AddRoutingCore().AddMetrics();
        builder.WebHost.UseKestrelCore().UseListenSockets(sockets);
        AddServices(builder.Services, options, sockets, addresses);
        var metrics = new ServiceEndpoint("metrics", WebPageGuard.ForMonitoring(options.Metrics.Hosts, "metrics.hosts"));
        var health = new ServiceEndpoint("health", WebPageGuard.ForMonitoring(options.Health.Hosts, "health.hosts"));
        var admin = new ServiceEndpoint("admin", WebPageGuard.Strict);
        builder.WebHost.ConfigureKestrel((_, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            ServiceEndpoint.Limit(kestrel);
            metrics.Listen(kestrel, addresses.Metrics);
            health.Listen(kestrel, addresses.Health);
            if (addresses.Admin is { } address)
                admin.Listen(kestrel, address);
            var pipeline = kestrel.ApplicationServices.GetRequiredService<ProxyPipeline>();
            foreach (var (listener, bound) in options.Listeners.Zip(addresses.Listeners))
                kestrel.ListenOn(options.Transport, bound, listen => pipeline.Build(listen, listener));
        });

        var app = builder.Build();
        metrics.Map(app, routes => routes.MapMetrics(app.Services.GetRequiredService<PrometheusBridge>()));
        var oracle = app.Services.GetRequiredService<OracleReach>();
        health.Map(app, routes => routes.MapHealth(() => oracle.Detail, () => oracle.NotReady));
        admin.Map(app, routes => routes.MapAdmin(options, addresses));
        // Made before the first connection, so that every meter is listened to.
        app.Services.GetRequiredService<PrometheusBridge>();
        app.Services.GetRequiredService<ProcessMeter>();
        // A file that cannot be opened ends the start.
        app.Services.GetService<ExchangeRecorder>();
        var logger = app.Services.GetRequiredService<ILogger<SidecarApp>>();
        LogAddresses(logger, app.Lifetime, options, addresses);
        LimitCheck.Warn(logger, options);
        return app;
    }

    private static void AddServices(IServiceCollection services, SidecarOptions options, ListenSockets sockets, BoundAddresses addresses)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = AfterDrain);
        services.AddSingleton(options).AddSingleton(options.Timeouts).AddSingleton(options.Listeners).AddSingleton(addresses.OwnPorts);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new PrometheusBridge(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TimeProvider>(), SidecarMetrics.MeterName, ProcessMeter.Name, "System.Runtime"));
        services.AddSingleton<ProcessMeter>().AddSingleton<ConnectionRegistry>().AddSingleton<SidecarMetrics>();
        services.AddSingleton(provider => new ConnectionReporter(
            options.ConnectionRecords is { } path
                ? JsonLineSink.Open(path, options.ConnectionRecordsOrigin, RecordJson.Readable.ConnectionRecord, WhenFull.DropOldest, provider.GetRequiredService<ILogger<ConnectionReporter>>())
                : null,
            provider.GetRequiredService<ConnectionRegistry>(),
            provider.GetRequiredService<SidecarMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ConnectionReporter>>()));
        services.AddSingleton(new ObservationMemory(options.ObservationMemory)).AddSingleton<ExchangeMetrics>().AddSingleton<ExchangeReporter>();
        services.AddSingleton<IReopenable>(provider => provider.GetRequiredService<ConnectionReporter>());
        services.AddExchangeRecords(options.Records).AddHostedService<ReopenSignal>();
        services.AddTransport(options, sockets);
        services.AddSingleton<NeighbourListeners>().AddHostedService(_ => new ListenerAnnouncement(addresses)).AddSingleton<DestinationGuard>().AddSingleton<UpstreamConnector>();
        services.AddSingleton(provider => new Resolver(provider.GetRequiredService<TimeProvider>(), Dns.GetHostAddresses));
        services.AddSingleton<Drain>().AddSingleton<IHostLifetime, StopSignals>();
        services.AddSingleton<OraclePools>().AddSingleton<OracleClient>().AddSingleton<OracleReach>().AddHostedService(provider => provider.GetRequiredService<OracleReach>()).AddSingleton<RelayHandler>().AddSingleton<ProxyPipeline>();
    }

    private static void LogAddresses(ILogger logger, IHostApplicationLifetime lifetime, SidecarOptions options, BoundAddresses addresses)
    {
        lifetime.ApplicationStarted.Register(() =>
        {
            foreach (var (listener, address) in options.Listeners.Zip(addresses.Listeners))
                Log.Listening(logger, listener.Name, listener.Role.Word(), address, listener.Target?.ToString() ?? "the original destination");
            foreach (var (name, wanted, bound) in addresses.Endpoints(options))
            {
                if (wanted is IPEndPoint { Port: not 0 } && !wanted.Equals(bound))
                    Log.Moved(logger, wanted, name, bound);
                else
                    Log.Serving(logger, name, bound);
            }
        });
    }

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "Listener {Name} ({Role}) accepts on {Address}, target {Target}")]
        public static partial void Listening(ILogger logger, string name, string role, IPEndPoint address, string target);

        [LoggerMessage(11, LogLevel.Information, "Serving {Name} on {Address}")]
        public static partial void Serving(ILogger logger, string name, EndPoint address);

        [LoggerMessage(12, LogLevel.Warning, "The default {Wanted} is taken, and will be used as soon as it is free. Serving {Name} on {Address}")]
        public static partial void Moved(ILogger logger, EndPoint wanted, string name, EndPoint address);
    }
}
