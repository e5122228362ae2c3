using System.Net;
using Chassis.Endpoints;
using Chassis.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sidecar.Tests.Support;

/// <summary>An in-process <c>/metrics</c> of some meters on a free loopback port.</summary>
internal sealed class MetricsHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly PrometheusBridge _bridge;

    private MetricsHost(WebApplication app, PrometheusBridge bridge) => (_app, _bridge) = (app, bridge);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => IPEndPoint.Parse(new Uri(
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority);

    /// <summary>Serves the named meters.</summary>
    public static async Task<MetricsHost> StartAsync(params string[] meters)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var host = new MetricsHost(builder.Build(), new PrometheusBridge(meters));
        host._app.MapMetrics(host._bridge);
        await host._app.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _bridge.Dispose();
    }
}
