using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Hosting;

/// <summary>What the three services have in common: CORS, metrics and health.</summary>
[SystemTest]
public sealed class ServiceEndpointsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = Films.Create();
    private readonly Dictionary<string, RunningApp> _services = [];

    public async ValueTask InitializeAsync()
    {
        _services["storage"] = await RunningApp.StorageAsync(_folder.Root);
        _services["backend"] = await RunningApp.BackendAsync(_services["storage"].Url);
        _services["frontend"] = await RunningApp.FrontendAsync(_services["backend"].Url);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.Values.Reverse())
            await service.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("storage", "/hls/film/0.ts")]
    [InlineData("storage", "/catalog.json")]
    [InlineData("backend", "/hls/film/0.ts")]
    [InlineData("backend", "/api/videos")]
    [InlineData("frontend", "/hls/film/0.ts")]
    public async Task Preflight_OfWhatPlayersSend_IsAllowed(string service, string path)
    {
        var answer = await RawHttp.SendAsync(_services[service].Url, path, "OPTIONS",
            "Origin: http://player.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: range,cmcd-session\r\n");

        Assert.Equal((204, "*"), (answer.Status, answer.Headers["Access-Control-Allow-Origin"]));
        Assert.Equal("GET, HEAD, OPTIONS", answer.Headers["Access-Control-Allow-Methods"]);
        var allowed = answer.Headers["Access-Control-Allow-Headers"].Split(", ");
        Assert.All(["Authorization", "CMCD-Session", "If-Range", "Range", "X-Playback-Session-Id"], header => Assert.Contains(header, allowed));
    }

    [Theory]
    [InlineData("backend", "/hls/film/none.ts", 404)]
    [InlineData("backend", "/api/videos/none", 404)]
    [InlineData("frontend", "/hls/film/none.ts", 404)]
    [InlineData("frontend", "/hls/film/0.ts", 200)]
    public async Task EveryAnswer_OfMedia_AllowsEveryOriginOnce(string service, string path, int status)
    {
        // A header that came twice would fail the parse.
        var answer = await RawHttp.SendAsync(_services[service].Url, path);

        Assert.Equal((status, "*"), (answer.Status, answer.Headers["Access-Control-Allow-Origin"]));
    }

    [Fact]
    public async Task Pages_OfTheFrontend_AllowNoOtherOrigin()
    {
        var answer = await RawHttp.SendAsync(_services["frontend"].Url, "/");

        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain("Access-Control-Allow-Origin", answer.Headers.Keys);
    }

    [Theory]
    [InlineData("storage")]
    [InlineData("backend")]
    [InlineData("frontend")]
    public async Task Metrics_OfEachService_AreValid(string service)
    {
        await RawHttp.SendAsync(_services[service].Url, "/healthz");
        using var answer = await _services[service].Http.GetAsync(new Uri(_services[service].MetricsUrl, "/metrics"), TestContext.Current.CancellationToken);
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.All(["video_connections_total", "video_connections_displaced_total", "video_connections_active", "video_connections_limit", "process_open_fds"],
            name => Assert.Contains($"\n# TYPE {name} ", page, StringComparison.Ordinal));
        Assert.Equal("", await Promtool.CheckMetricsAsync(page));
    }

    [Theory]
    [InlineData("storage")]
    [InlineData("backend")]
    [InlineData("frontend")]
    public async Task Ports_OfEachService_ServeTheirOwn(string service)
    {
        var app = _services[service];
        var ready = await RawHttp.SendAsync(app.MetricsUrl, "/readyz");

        Assert.Equal((200, "ready\n"), (ready.Status, ready.Body));
        Assert.Equal(200, (await RawHttp.SendAsync(app.MetricsUrl, "/healthz")).Status);
        Assert.Equal(404, (await RawHttp.SendAsync(app.MetricsUrl, "/hls/film/0.ts")).Status);
        Assert.Equal(403, (await RawHttp.SendAsync(app.MetricsUrl, "/metrics", "GET", "Origin: http://evil.example\r\n")).Status);
        Assert.Equal(404, (await RawHttp.SendAsync(app.Url, "/metrics")).Status);
    }
}
