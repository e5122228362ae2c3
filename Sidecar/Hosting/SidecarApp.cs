using System.Diagnostics.Metrics;
using System.Net;
using Chassis.Endpoints;
using Chassis.Metrics;
using Chassis.Net;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Authorization;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Hosting.Admin;
using Sidecar.Hosting.Metrics;
using Sidecar.Hosting.Probes;
using Sidecar.Hosting.Reload;
using Sidecar.Hosting.Signals;
using Sidecar.Kubernetes;
using Sidecar.Listeners;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Resolution;
using Sidecar.Telemetry;
using Sidecar.Upstream;

namespace Sidecar.Hosting;

/// <summary>One sidecar process: its listeners and its own endpoints on one Kestrel.</summary>
internal sealed partial class SidecarApp : IAsyncDisposable
{
    // For answers of the own endpoints that are not finished when no proxied connection is left.
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(2);

    // Not those of the own endpoints, which have the same names as what is observed.
    private static readonly string[] Meters = [SidecarMetrics.MeterName, ProcessMeter.Name, "System.Runtime"];

    private readonly StartingPoint _start;
    private readonly WebApplication _app;

    private SidecarApp(StartingPoint start, WebApplication app, BoundAddresses addresses) => (_start, _app, Addresses) = (start, app, addresses);

    /// <summary>The addresses of the own endpoints, with real ports.</summary>
    public BoundAddresses Addresses { get; }

    /// <summary>The addresses of the listeners, in the order of the configuration; before the start, their future addresses.</summary>
    public IReadOnlyList<IPEndPoint> Listeners => Services.GetRequiredService<ListenerTable>().Current is { Count: > 0 } current
        ? [.. current.Select(listener => listener.Address)]
        : [.. _start.Listeners.Select(listener => listener.Address)];

    /// <summary>The parts, for tests.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Reads the configuration, claims the ports and builds the process; it accepts nothing before it runs.</summary>
    /// <exception cref="Chassis.UsageException">
    /// The configuration is wrong, a port is in use, or the file of records cannot be opened.
    /// </exception>
    public static SidecarApp Create(IConfigurationReader source)
    {
        var loaded = source.Read();
        var watch = source is { File: { } file, Text: { } text } ? new FileWatch(file.Value, () => YamlSource.ReadText(file.Value, file.Origin), text, TimeProvider.System) : null;
        var options = loaded.Options;
        var sockets = new ListenSockets { Avoided = BoundAddresses.TargetPorts(options) };
        try
        {
            // The listeners first, so that a moving default does not take their ports.
            var start = new StartingPoint(loaded, ListenerPlan.Make([], options.Listeners, sockets, options.Backlog), sockets);
            var addresses = BoundAddresses.Bind(options, sockets);
            return new SidecarApp(start, Build(start, source, watch, addresses), addresses);
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
            // The process has to end in the middle of its start: the parts that have started end below.
        }

        await drain.Begun;
        await StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _start.Sockets.Dispose();
    }

    private static WebApplication Build(StartingPoint start, IConfigurationReader source, FileWatch? watch, BoundAddresses addresses)
    {
        var options = start.Loaded.Options;
        // The empty builder reads no appsettings.json. Other builders watch the whole working folder for it, even if it is the root.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(options.LogLevel);
        builder.Services.AddRoutingCore().AddMetrics();
        builder.WebHost.UseKestrelCore().UseListenSockets(start.Sockets);
        AddServices(builder.Services, options, addresses);
        AddConfiguration(builder.Services, start, source, watch);
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
        });

        var app = builder.Build();
        metrics.Map(app, routes => routes.MapMetrics(app.Services.GetRequiredService<PrometheusBridge>()));
        var oracle = app.Services.GetRequiredService<OracleReach>();
        health.Map(app, routes => routes.MapHealth(() => oracle.Detail, () => oracle.NotReady).MapProbes(options.Probes));
        admin.Map(app, routes => routes.MapAdmin());
        // Made before the first connection, so that it listens to every meter.
        app.Services.GetRequiredService<PrometheusBridge>();
        app.Services.GetRequiredService<ProcessMeter>();
        if (MetricsExport.IsSupported)
            app.Services.GetService<MetricsExport>();
        // If a file cannot be opened, the start fails.
        app.Services.GetService<ExchangeRecorder>();
        var logger = app.Services.GetRequiredService<ILogger<SidecarApp>>();
        LogAddresses(logger, app, options, addresses);
        LimitCheck.Warn(logger, options);
        return app;
    }

    private static void AddConfiguration(IServiceCollection services, StartingPoint start, IConfigurationReader source, FileWatch? watch)
    {
        services.AddSingleton(start).AddSingleton(start.Loaded).AddSingleton(source).AddSingleton(new CurrentOptions(start.Loaded.Options));
        if (watch is not null)
            services.AddSingleton(watch);
        services.AddSingleton<ConfigurationState>().AddSingleton<Pipelines>().AddSingleton<ListenerAnnouncement>().AddSingleton<ListenerTable>();
        // Signals are handled before a client can connect.
        services.AddSingleton<Reloader>().AddHostedService<HangUpSignal>().AddHostedService(provider => provider.GetRequiredService<Reloader>());
        if (StartPages.Exist)
            services.AddHostedService<StartPages>();
    }

    private static void AddServices(IServiceCollection services, SidecarOptions options, BoundAddresses addresses)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = AfterDrain);
        services.AddSingleton(options).AddSingleton(addresses.OwnPorts());
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new PrometheusBridge(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TimeProvider>(), Meters));
        if (MetricsExport.IsSupported && options.MetricsExport is { } export)
            services.AddSingleton(provider => new MetricsExport(
                export, NameAttributes.ResourceOf(OwnPod.NameOf(options.Kubernetes)), provider.GetRequiredService<ILogger<MetricsExport>>(), Meters));
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
        services.AddExchangeRecords(options.Records, options.Kubernetes);
        services.AddTransport(options);
        services.AddSingleton<NeighbourListeners>().AddSingleton<DestinationGuard>().AddSingleton<AttemptPlaces>();
        services.AddSingleton(provider => new Resolver(provider.GetRequiredService<TimeProvider>(), Dns.GetHostAddresses));
        services.AddSingleton<Drain>().AddSingleton<IHostLifetime, StopSignals>();
        services.AddSingleton<OraclePools>().AddSingleton<OracleReach>();
    }

    private static void LogAddresses(ILogger logger, WebApplication app, SidecarOptions options, BoundAddresses addresses)
    {
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var listeners = app.Services.GetRequiredService<ListenerTable>();
            listeners.Describe(listeners.Current);
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
        [LoggerMessage(11, LogLevel.Information, "Serving {Name} on {Address}")]
        public static partial void Serving(ILogger logger, string name, EndPoint address);

        [LoggerMessage(12, LogLevel.Warning, "The default {Wanted} is taken, and will be used as soon as it is free. Serving {Name} on {Address}")]
        public static partial void Moved(ILogger logger, EndPoint wanted, string name, EndPoint address);
    }
}
