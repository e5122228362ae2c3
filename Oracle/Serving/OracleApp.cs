using System.Diagnostics.Metrics;
using System.Net;
using Chassis;
using Chassis.Endpoints;
using Chassis.Metrics;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Oracle.Configuration;
using Oracle.Decisions;
using Oracle.Policies;
using Oracle.Telemetry;

namespace Oracle.Serving;

/// <summary>The Oracle as a whole: the wire server, its metrics and health endpoints, and the policy's reload.</summary>
internal sealed partial class OracleApp : IAsyncDisposable
{
    // An asker waits 3 s for its answer, and a process that stops does not wait longer for one.
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(3);

    // Lines have 512 or 4,096 bytes. More unread bytes come only from a peer that does not wait for answers.
    private const int MaxUnreadBytes = 16 * 1024;

    // Connections that have lost their place and are about to end, at most as many as can be open.
    private const int DisplacedAtOnce = 1024;

    private readonly WebApplication _app;
    private readonly Listeners _listeners;

    private OracleApp(WebApplication app, Listeners listeners) => (_app, _listeners) = (app, listeners);

    /// <summary>The address for questions.</summary>
    public IPEndPoint WireAddress => _listeners.Wire;

    /// <summary>The address of metrics.</summary>
    public IPEndPoint MetricsAddress => _listeners.Metrics;

    /// <summary>The address of health.</summary>
    public IPEndPoint HealthAddress => _listeners.Health;

    /// <summary>The parts, for tests.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Reads the policy, claims the ports and opens the audit log; nothing is served yet.</summary>
    /// <exception cref="UsageException">One of these failed.</exception>
    public static OracleApp Create(OracleOptions options, TimeProvider? time = null)
    {
        var source = options.Policy is { } file ? new PolicySource(file.Path, file.Origin) : null;
        var listeners = new Listeners(options);
        try
        {
            var app = Build(options, source, listeners, time ?? TimeProvider.System);
            LogAddresses(app, options, source, listeners);
            return new OracleApp(app, listeners);
        }
        catch
        {
            listeners.Dispose();
            throw;
        }
    }

    /// <summary>Serves until the process has to stop.</summary>
    public Task RunAsync() => _app.RunAsync();

    /// <summary>Starts serving.</summary>
    public Task StartAsync() => _app.StartAsync();

    /// <summary>Stops serving; open questions end at once.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _listeners.Dispose();
    }

    private static WebApplication Build(OracleOptions options, PolicySource? source, Listeners listeners, TimeProvider time)
    {
        // The empty builder reads no appsettings.json and no ASPNETCORE_ variables: all settings are the Oracle's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(options.LogLevel);
        var services = builder.Services;
        services.AddRoutingCore().AddMetrics();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownLimit);
        services.Configure<SocketTransportOptions>(sockets =>
        {
            sockets.MaxReadBufferSize = MaxUnreadBytes;
            // An answer counts as written when the kernel has it, so that an asker that does not read is noticed.
            sockets.MaxWriteBufferSize = 1;
            // A question comes with its connection and is answered without waiting, so neither a look ahead nor another thread helps.
            sockets.WaitForDataBeforeAllocatingBuffer = false;
            sockets.UnsafePreferInlineScheduling = true;
        });
        AddParts(services, options, source, time);

        var shared = listeners.Metrics.Equals(listeners.Health);
        var metrics = new ServiceEndpoint("metrics", WebPageGuard.ForMonitoring(shared ? [.. options.MetricsHosts, .. options.HealthHosts] : options.MetricsHosts, Keys.MetricsHosts));
        var health = new ServiceEndpoint("health", WebPageGuard.ForMonitoring(options.HealthHosts, Keys.HealthHosts));
        builder.WebHost.UseKestrelCore().UseListenSockets(listeners.Sockets).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            ServiceEndpoint.Limit(kestrel);
            // For each endpoint. The wire's own limit is lower, so that it chooses the connection to close.
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections + Math.Min(DisplacedAtOnce, options.MaxConnections);
            kestrel.Listen(listeners.Wire, listen =>
            {
                listen.Protocols = HttpProtocols.None;
                listen.UseConnectionHandler<QuestionHandler>();
            });
            metrics.Listen(kestrel, listeners.Metrics);
            if (!shared)
                health.Listen(kestrel, listeners.Health);
        });

        var app = builder.Build();
        app.Services.GetRequiredService<ProcessMeter>();
        var bridge = app.Services.GetRequiredService<PrometheusBridge>();
        metrics.Map(app, routes => routes.MapMetrics(bridge));
        var policies = app.Services.GetRequiredService<PolicyStore>();
        (shared ? metrics : health).Map(app, routes => routes.MapHealth(() => policies.Describe()));
        return app;
    }

    private static void AddParts(IServiceCollection services, OracleOptions options, PolicySource? source, TimeProvider time)
    {
        services.AddSingleton(time);
        services.AddSingleton(new PolicyStore(source?.First ?? Policy.NotForEveryone, time));
        services.AddSingleton(new ConnectionPlaces(options.MaxConnections, time));
        services.AddSingleton(_ => new DecisionMemory(options.MaxDecisions, time));
        services.AddSingleton(p => new AuditLog(options.AuditLog.Path, options.AuditLog.Origin, p.GetRequiredService<ILogger<AuditLog>>()));
        services.AddSingleton(p => new PrometheusBridge(
            p.GetRequiredService<IMeterFactory>(), time, OracleMetrics.MeterName, "System.Runtime", ProcessMeter.Name));
        services.AddSingleton(p => new ProcessMeter(p.GetRequiredService<IMeterFactory>()));
        services.AddSingleton(p =>
        {
            // The bridge must exist first, or it misses the zeros with which the meter starts.
            p.GetRequiredService<PrometheusBridge>();
            return ActivatorUtilities.CreateInstance<OracleMetrics>(p, options);
        });
        services.AddSingleton<Arbiter>();
        services.AddSingleton<QuestionHandler>();
        if (source is not null)
            services.AddSingleton(source).AddHostedService<PolicyReloader>();
    }

    private static void LogAddresses(WebApplication app, OracleOptions options, PolicySource? source, Listeners listeners)
    {
        var logger = app.Services.GetRequiredService<ILogger<OracleApp>>();
        var policy = app.Services.GetRequiredService<PolicyStore>().Current.Policy.Summary;
        if (listeners.Metrics.Port != options.Metrics.Address.Port && options.Metrics is { Origin: null })
            Log.Moved(logger, "metrics", options.Metrics.Address.Port, listeners.Metrics.Port);
        if (listeners.Health.Port != options.Health.Address.Port && options.Health is { Origin: null })
            Log.Moved(logger, "health", options.Health.Address.Port, listeners.Health.Port);
        if (options.WantedConnections > options.MaxConnections)
            Log.TooFewDescriptors(logger, options.WantedConnections, OpenFiles.SoftLimit(), options.MaxConnections);
        if (source is not null)
            PolicyReloader.LogWarnings(app.Services.GetRequiredService<ILogger<PolicyReloader>>(), source.Path, source.First);
        app.Lifetime.ApplicationStarted.Register(() =>
            Log.Ready(logger, listeners.Wire, source?.Path ?? "built in", policy, listeners.Metrics, listeners.Health));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Questions are answered on {Wire}, policy {Path} ({Policy}); metrics on {Metrics}, health on {Health}")]
        public static partial void Ready(ILogger logger, EndPoint wire, string path, string policy, EndPoint metrics, EndPoint health);

        [LoggerMessage(3, LogLevel.Warning,
            "The open file limit is {Limit}, too low for {Wanted} connections, so no more than {Fitting} are open at once: raise it (ulimit -n, LimitNOFILE=), or lower --max-connections to {Fitting}")]
        public static partial void TooFewDescriptors(ILogger logger, int wanted, int limit, int fitting);

        [LoggerMessage(2, LogLevel.Warning, "The default {Endpoint} port {Port} is taken; {Moved} is used until it is free")]
        public static partial void Moved(ILogger logger, string endpoint, int port, int moved);
    }
}
