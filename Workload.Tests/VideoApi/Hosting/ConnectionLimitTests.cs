using System.Net.Sockets;
using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Hosting;

/// <summary>A storage of one connection.</summary>
[SystemTest]
public sealed class ConnectionLimitTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private RunningApp? _storage;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await using (var file = new FileStream(_folder.Write("film/0.ts", ""), FileMode.Open))
            file.SetLength(64 << 20);
        _storage = await RunningApp.StorageAsync(_folder.Root, maxConnections: 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _storage!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Get_WhileAllPlacesAreServed_Is503AndCounted()
    {
        using var served = await BegunAnswer.GetAsync(_storage!.Url, "/hls/film/0.ts", "", Cancel);

        var refused = await RawHttp.SendAsync(_storage.Url, "/hls/film/0.ts");

        Assert.Equal((503, "1 connections are being served, which is the limit\n"), (refused.Status, refused.Body));
        Assert.Equal(("1", "close", "no-store"), (refused.Headers["Retry-After"], refused.Headers["Connection"], refused.Headers["Cache-Control"]));
        await MetricAsync("""video_connections_total{result="accepted"} 1""");
        await MetricAsync("""video_connections_total{result="refused"} 1""");
        await MetricAsync("video_connections_active 1");
        await MetricAsync("video_connections_limit 1");
    }

    [Fact]
    public async Task Get_ThroughTheBackendWhileTheStorageIsFull_Is503WithItsRetryAfter()
    {
        await using var backend = await RunningApp.BackendAsync(_storage!.Url);
        using var served = await BegunAnswer.GetAsync(_storage.Url, "/hls/film/0.ts", "", Cancel);

        var refused = await RawHttp.SendAsync(backend.Url, "/hls/film/0.ts");

        Assert.Equal((503, "1"), (refused.Status, refused.Headers["Retry-After"]));
    }

    [Fact]
    public async Task Get_WhileIdleConnectionsHoldAllPlaces_IsAnsweredAndTheirEndCounted()
    {
        using var idle = new TcpClient();
        await idle.ConnectAsync(_storage!.Url.Host, _storage.Url.Port, Cancel);
        await MetricAsync("video_connections_active 1");

        Assert.Equal(404, (await RawHttp.SendAsync(_storage.Url, "/hls/film/none.ts")).Status);

        await MetricAsync("video_connections_displaced_total 1");
        await MetricAsync("""video_connections_total{result="refused"} 0""");
    }

    [Fact]
    public async Task Connect_WithoutARequestWhileAllPlacesAreServed_IsClosedInTime()
    {
        using var served = await BegunAnswer.GetAsync(_storage!.Url, "/hls/film/0.ts", "", Cancel);
        using var silent = new TcpClient();
        await silent.ConnectAsync(_storage.Url.Host, _storage.Url.Port, Cancel);

        try
        {
            Assert.Equal(0, await silent.GetStream().ReadAsync(new byte[1], Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        }
        catch (IOException reset)
        {
            Assert.IsType<SocketException>(reset.InnerException);
        }
    }

    [Fact]
    public async Task Health_WhileAllPlacesAreServed_IsAnsweredOnItsOwnPort()
    {
        using var served = await BegunAnswer.GetAsync(_storage!.Url, "/hls/film/0.ts", "", Cancel);

        Assert.Equal(200, (await RawHttp.SendAsync(_storage.MetricsUrl, "/readyz")).Status);
    }

    private Task MetricAsync(string line) => Eventually.TrueAsync(
        async () => (await RawHttp.SendAsync(_storage!.MetricsUrl, "/metrics")).Body.Contains('\n' + line + '\n', StringComparison.Ordinal), line);
}
