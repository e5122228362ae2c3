using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chassis.Endpoints;
using Chassis.Metrics;
using Chassis.Net;
using Injection.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Injection.Admission;

/// <summary>The addresses and files of the webhook.</summary>
/// <param name="Listen">Where the API server asks.</param>
/// <param name="Metrics">Where <c>/metrics</c> is served.</param>
/// <param name="Health">Where <c>/healthz</c> and <c>/readyz</c> are served.</param>
/// <param name="Certificate">PEM file with the certificate.</param>
/// <param name="Key">PEM file with its key.</param>
internal sealed record InjectorOptions(IPEndPoint Listen, IPEndPoint Metrics, IPEndPoint Health, string Certificate, string Key);

/// <summary>The webhook as a whole: <c>POST /inject</c> over TLS, metrics and health.</summary>
internal sealed partial class InjectorApp : IAsyncDisposable
{
    // An object of Kubernetes has at most 1.5 MB (etcd's limit); a review can have the old one too.
    private const long MaxBody = 4 * 1024 * 1024;

    // The API server keeps a few connections open; a cluster has one to five API servers.
    private const int MaxConnections = 256;

    // The API server waits at most 30 s.
    private static readonly TimeSpan SlowestClient = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly ListenSockets _sockets;

    private InjectorApp(WebApplication app, ListenSockets sockets, IPEndPoint address) => (_app, _sockets, Address) = (app, sockets, address);

    /// <summary>The address of the webhook, with its real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Reads the certificate and claims the ports; nothing is served yet.</summary>
    /// <exception cref="Chassis.UsageException">One of these failed.</exception>
    public static InjectorApp Create(InjectorOptions options, PodSettings defaults)
    {
        var sockets = new ListenSockets();
        try
        {
            var address = sockets.Bind(options.Listen, "--listen");
            var metrics = sockets.Bind(options.Metrics, "--metrics-address");
            var health = sockets.Bind(options.Health, "--health-address");
            return new InjectorApp(Build(options, defaults, sockets, (address, metrics, health)), sockets, address);
        }
        catch
        {
            sockets.Dispose();
            throw;
        }
    }

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    public Task RunAsync() => _app.RunAsync();

    /// <summary>Starts to serve.</summary>
    public Task StartAsync() => _app.StartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _sockets.Dispose();
    }

    private static WebApplication Build(InjectorOptions options, PodSettings defaults, ListenSockets sockets, (IPEndPoint Hook, IPEndPoint Metrics, IPEndPoint Health) addresses)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.LogToStandardError(LogLevel.Information);
        builder.Services.AddRoutingCore().AddMetrics().AddSingleton(TimeProvider.System).AddSingleton<InjectionMetrics>().AddSingleton<ProcessMeter>();
        builder.Services.AddSingleton(provider => new PrometheusBridge(
            provider.GetRequiredService<IMeterFactory>(), TimeProvider.System, InjectionMetrics.MeterName, ProcessMeter.Name, "System.Runtime"));
        builder.Services.AddSingleton(provider => new Certificate(options.Certificate, options.Key, TimeProvider.System, provider.GetRequiredService<ILogger<Certificate>>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Certificate>());
        var metrics = new ServiceEndpoint("metrics", WebPageGuard.ForMonitoring([], ""));
        var health = new ServiceEndpoint("health", WebPageGuard.ForMonitoring([], ""));
        var places = new ConnectionPlaces(MaxConnections, TimeProvider.System);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseListenSockets(sockets).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            ServiceEndpoint.Limit(kestrel);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(10_000, SlowestClient);
            metrics.Listen(kestrel, addresses.Metrics);
            health.Listen(kestrel, addresses.Health);
            kestrel.Listen(addresses.Hook, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UsePlaces(places);
                listen.Use(next => connection =>
                {
                    connection.Features.Set(places);
                    return next(connection);
                });
                var certificate = kestrel.ApplicationServices.GetRequiredService<Certificate>();
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
                });
            });
        });
        var app = builder.Build();
        // First, so that it listens to every meter.
        var bridge = app.Services.GetRequiredService<PrometheusBridge>();
        app.Services.GetRequiredService<ProcessMeter>();
        var counters = app.Services.GetRequiredService<InjectionMetrics>();
        metrics.Map(app, routes => routes.MapMetrics(bridge));
        health.Map(app, routes => routes.MapHealth());
        app.UseWhen(context => ReferenceEquals(context.Features.Get<ConnectionPlaces>(), places), branch =>
        {
            branch.UsePlaces();
            branch.UseRouting();
            branch.UseEndpoints(routes => routes.MapPost("/inject", (HttpContext context) => InjectAsync(context, defaults, counters)));
        });
        var logger = app.Services.GetRequiredService<ILogger<InjectorApp>>();
        app.Lifetime.ApplicationStarted.Register(() => Log.Ready(logger, addresses.Hook, options.Certificate, addresses.Metrics, addresses.Health));
        return app;
    }

    private static async Task InjectAsync(HttpContext context, PodSettings defaults, InjectionMetrics metrics)
    {
        var start = TimeProvider.System.GetTimestamp();
        InjectionOutcome? outcome = null;
        try
        {
            var review = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            var answer = AdmissionReview.Answer(review, defaults, out var done);
            outcome = done;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException)
        {
            // ArgumentException: the same key twice.
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"inject: {error.Message}\n", context.RequestAborted);
        }
        finally
        {
            metrics.Answered(outcome, TimeProvider.System.GetElapsedTime(start));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(122, LogLevel.Information, "Admission reviews are answered on https://{Address}/inject with the certificate in {Certificate}; metrics on {Metrics}, health on {Health}")]
        public static partial void Ready(ILogger logger, IPEndPoint address, string certificate, IPEndPoint metrics, IPEndPoint health);
    }
}
