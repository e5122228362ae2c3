using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VideoApi.Backend;
using VideoApi.Frontend;
using VideoApi.Hosting;
using VideoApi.Storage;
using Xunit;

namespace Workload.Tests.VideoApi.Support;

/// <summary>One of the services, run in this process on a free port of the loopback address.</summary>
internal sealed class RunningApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningApp(WebApplication app)
    {
        _app = app;
        var bound = app.Services.GetRequiredService<BoundAddresses>();
        Url = new Uri($"http://{bound.Service}");
        MetricsUrl = new Uri($"http://{bound.Metrics}");
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, MaxResponseDrainSize = 0 }) { BaseAddress = Url };
    }

    /// <summary>Its origin.</summary>
    public Uri Url { get; }

    /// <summary>Origin of its metrics and health.</summary>
    public Uri MetricsUrl { get; }

    /// <summary>A client of it that decompresses nothing, follows nothing and leaves at once.</summary>
    public HttpClient Http { get; }

    public static Task<RunningApp> StorageAsync(string folder, int maxConnections = 1000, TimeProvider? time = null) =>
        StartAsync(listener => StorageApp.Create(new StorageOptions(listener with { MaxConnections = maxConnections }, folder), time));

    public static Task<RunningApp> BackendAsync(Uri storage) => StartAsync(listener => BackendApp.Create(new BackendOptions(listener, storage)));

    public static Task<RunningApp> FrontendAsync(Uri backend) => StartAsync(listener => FrontendApp.Create(new FrontendOptions(listener, backend, backend, backend)));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        // Streams that a test left open are cut at once.
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static async Task<RunningApp> StartAsync(Func<Listener, WebApplication> create)
    {
        var any = new ListenPoint(new IPEndPoint(IPAddress.Loopback, 0), "--listen");
        var app = create(new Listener(any, any, any, MaxConnections: 1000, LogLevel.None));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningApp(app);
    }
}
