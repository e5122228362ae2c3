using System.Net;
using Chassis.Endpoints;
using Chassis.Net;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Authorization;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Hosting.Admin;
using Sidecar.Hosting.Probes;
using Sidecar.Hosting.Reload;
using Sidecar.Hosting.Signals;
using Sidecar.Listeners;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Resolution;
using Sidecar.Telemetry;
using Sidecar.Upstream;

namespace Sidecar.Hosting;

/// <summary>One sidecar process: its listeners and its own endpoints on one Kestrel.</summary>
internal sealed class SidecarApp : IAsyncDisposable
{
    // For answers of the own endpoints that are not finished when no proxied connection is left.
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(2);

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
    public static SidecarApp Create(IConfigurationReader<SidecarOptions> source)
    {
        var loaded = source.Read();
        var watch = source.Watch();
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

    private static WebApplication Build(StartingPoint start, IConfigurationReader<SidecarOptions> source, FileWatch? watch, BoundAddresses addresses)
    {
        var options = start.Loaded.Options;
        var builder = OwnEndpoints.Builder(options, start.Sockets);
        AddServices(builder.Services, options, addresses);
        AddConfiguration(builder.Services, start, source, watch);
        var endpoints = new OwnEndpoints(options, addresses);
        endpoints.Listen(builder.WebHost);
        var app = builder.Build();
        var oracle = app.Services.GetRequiredService<OracleReach>();
        endpoints.Map(
            app, health => health.MapHealth(() => oracle.Detail, () => oracle.NotReady).MapProbes(options.Probes), admin => admin.MapAdmin());
        app.Services.GetRequiredService<UpstreamMetrics>();
        var logger = app.Services.GetRequiredService<ILogger<SidecarApp>>();
        LogAddresses(logger, app, options, addresses);
        LimitCheck.Warn(logger, options);
        return app;
    }

    private static void AddConfiguration(IServiceCollection services, StartingPoint start, IConfigurationReader<SidecarOptions> source, FileWatch? watch)
    {
        services.AddSingleton(start).AddSingleton<LoadedConfiguration>(start.Loaded).AddSingleton(source).AddSingleton<IConfigurationFile>(source).AddSingleton(new CurrentOptions(start.Loaded.Options));
        if (watch is not null)
            services.AddSingleton(watch);
        services.AddSingleton<ConfigurationState>().AddSingleton<Pipelines>().AddSingleton<ListenerAnnouncement>().AddSingleton<ListenerTable>();
        // Signals are handled before a client can connect.
        services.AddSingleton<Reloader>().AddSingleton<IReloadable>(provider => provider.GetRequiredService<Reloader>()).AddHostedService<HangUpSignal>().AddHostedService(provider => provider.GetRequiredService<Reloader>());
        if (StartPages.Exist)
            services.AddHostedService<StartPages>();
    }

    private static void AddServices(IServiceCollection services, SidecarOptions options, BoundAddresses addresses)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = AfterDrain);
        services.AddSingleton(options).AddSingleton(addresses.OwnPorts());
        services.AddObservation(options);
        services.AddSingleton<ConnectionRegistry>().AddSingleton<SidecarMetrics>();
        services.AddSingleton(provider => new ConnectionReporter(
            options.ConnectionRecords is { } path
                ? JsonLineSink.Open(path, options.ConnectionRecordsOrigin, RecordJson.Readable.ConnectionRecord, WhenFull.DropOldest, provider.GetRequiredService<ILogger<ConnectionReporter>>())
                : null,
            provider.GetRequiredService<ConnectionRegistry>(),
            provider.GetRequiredService<SidecarMetrics>(),
            provider.GetRequiredService<RecordMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ConnectionReporter>>()));
        services.AddSingleton<ExchangeReporter>();
        services.AddSingleton<IReopenable>(provider => provider.GetRequiredService<ConnectionReporter>());
        services.AddTransport(options);
        services.AddSingleton<NeighbourListeners>().AddSingleton<DestinationGuard>().AddSingleton<AttemptPlaces>().AddSingleton<UpstreamTable>().AddSingleton<UpstreamMetrics>();
        services.AddSingleton(provider => new Resolver(provider.GetRequiredService<TimeProvider>(), Dns.GetHostAddresses, provider.GetRequiredService<ILogger<Resolver>>()));
        services.AddSingleton<Drain>().AddSingleton<IStoppable>(provider => provider.GetRequiredService<Drain>()).AddSingleton<IHostLifetime, StopSignals>();
        services.AddSingleton<OraclePools>().AddSingleton<OracleReach>();
    }

    private static void LogAddresses(ILogger logger, WebApplication app, SidecarOptions options, BoundAddresses addresses)
    {
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var listeners = app.Services.GetRequiredService<ListenerTable>();
            listeners.Describe(listeners.Current);
            addresses.Log(options, logger);
        });
    }
}
