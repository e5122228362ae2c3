using System.Diagnostics.Metrics;
using System.Net;
using Chassis.Endpoints;
using Chassis.Metrics;
using Chassis.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace VideoApi.Hosting;

/// <summary>The common part of the three services as HTTP servers.</summary>
internal static partial class VideoHost
{
    // Time that a running stream has when the process stops; then its connection is closed.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(3);

    // A browser sends it at once; a slow network takes seconds.
    private static readonly TimeSpan HeadLimit = TimeSpan.FromSeconds(10);

    /// <summary>A builder of a server that has claimed its ports.</summary>
    /// <param name="listener">Its addresses.</param>
    /// <param name="service">Its name.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <exception cref="Chassis.UsageException">A port is in use, or the address is not one of this machine.</exception>
    public static WebApplicationBuilder CreateBuilder(Listener listener, string service, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var sockets = new ListenSockets();
        var bound = Bind(sockets, listener);

        // Nothing is read from appsettings.json or the environment: the command line has all settings.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(listener.LogLevel);
        // Each costs a descriptor, a forwarded one two; if the limit of open files is low, it decides.
        var places = new ConnectionPlaces(Math.Min(listener.MaxConnections, OpenFiles.Room(each: 2)), time);
        var own = OwnEndpoints.Create(listener, bound);
        builder.WebHost.UseKestrelCore().UseListenSockets(sockets).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = HeadLimit;
            // No route reads a body.
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(bound.Service, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                kestrel.ApplicationServices.GetRequiredService<ConnectionLimit>().Watch(listen);
            });
            own.Metrics.Listen(kestrel, bound.Metrics);
            if (own.Health != own.Metrics)
                own.Health.Listen(kestrel, bound.Health);
        });
        builder.Services.AddRouting().AddMetrics();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver = VideoJson.Default);
        builder.Services.AddSingleton(time).AddSingleton(bound).AddSingleton(own);
        builder.Services.AddSingleton(p => new PrometheusBridge(p.GetRequiredService<IMeterFactory>(), time, VideoMetrics.MeterName, "System.Runtime", ProcessMeter.Name));
        builder.Services.AddSingleton(p => new ProcessMeter(p.GetRequiredService<IMeterFactory>()));
        builder.Services.AddSingleton(p =>
        {
            // The bridge must exist first, or it misses the zeros with which the meter starts.
            p.GetRequiredService<PrometheusBridge>();
            return new VideoMetrics(p.GetRequiredService<IMeterFactory>(), places);
        });
        builder.Services.AddSingleton(p => new ConnectionLimit(places, p.GetRequiredService<VideoMetrics>()));
        builder.Services.AddSingleton<Action<WebApplication>>(app => LogStart(app, listener, bound, service, places.Limit));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>
    /// Answers on the ports for metrics and health, and to connections without a place. The stages of the service come after it.
    /// </summary>
    public static void UseServiceEndpoints(this WebApplication app)
    {
        var own = app.Services.GetRequiredService<OwnEndpoints>();
        app.Services.GetRequiredService<ProcessMeter>();
        var bridge = app.Services.GetRequiredService<PrometheusBridge>();
        own.Metrics.Map(app, routes => routes.MapMetrics(bridge));
        own.Health.Map(app, routes => routes.MapHealth());
        // The service must not answer the other paths on these ports.
        app.Use((context, next) =>
        {
            if (context.Features.Get<ServiceEndpoint>() is null)
                return next(context);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        app.Services.GetRequiredService<ConnectionLimit>().Answer(app);
    }

    /// <summary>Runs a service until SIGTERM, SIGINT or <paramref name="cancellation"/>.</summary>
    public static async Task RunAsync(WebApplication app, CancellationToken cancellation)
    {
        app.Services.GetRequiredService<Action<WebApplication>>()(app);
        await app.StartAsync(cancellation);
        await app.WaitForShutdownAsync(cancellation);
    }

    private static BoundAddresses Bind(ListenSockets sockets, Listener listener)
    {
        try
        {
            var service = listener.Service.Bind(sockets);
            // Named ports first, so that a default port never takes a port that the user named.
            if (listener.Metrics.Address.Equals(listener.Health.Address))
            {
                var shared = (listener.Metrics.LastPort is null ? listener.Metrics : listener.Health).Bind(sockets);
                return new(service, shared, shared);
            }

            if (listener.Metrics.LastPort is null)
                return new(service, listener.Metrics.Bind(sockets), listener.Health.Bind(sockets));
            var health = listener.Health.Bind(sockets);
            return new(service, listener.Metrics.Bind(sockets), health);
        }
        catch
        {
            sockets.Dispose();
            throw;
        }
    }

    private static void LogStart(WebApplication app, Listener listener, BoundAddresses bound, string service, int limit)
    {
        if (listener.MaxConnections > limit)
            LogTooFewDescriptors(app.Logger, OpenFiles.SoftLimit(), listener.MaxConnections, limit);
        if (listener.Metrics.LastPort is not null && bound.Metrics.Port != listener.Metrics.Address.Port)
            LogMoved(app.Logger, "metrics", listener.Metrics.Address.Port, bound.Metrics.Port);
        app.Lifetime.ApplicationStarted.Register(() => LogListening(app.Logger, service, bound.Metrics, bound.Health, $"http://{bound.Service}"));
    }

    [LoggerMessage(1, LogLevel.Information, "metrics on {Metrics}, health on {Health}; {Service} listens on {Address}")]
    private static partial void LogListening(ILogger logger, string service, EndPoint metrics, EndPoint health, string address);

    [LoggerMessage(2, LogLevel.Warning, "Port {Port} is in use; {Name} listens on {Moved}")]
    private static partial void LogMoved(ILogger logger, string name, int port, int moved);

    [LoggerMessage(3, LogLevel.Warning,
        "The open file limit is {Limit}, too low for {Wanted} connections, so more than {Fitting} are refused: raise it (ulimit -n, LimitNOFILE=), or lower --max-connections to {Fitting}")]
    private static partial void LogTooFewDescriptors(ILogger logger, int limit, int wanted, int fitting);
}
