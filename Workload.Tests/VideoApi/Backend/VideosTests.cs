using System.Net;
using Testing;
using Testing.Peers;
using VideoApi.Backend;
using VideoApi.Forwarding;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Backend;

[SystemTest]
public class VideosTests
{
    private const string Entry = """{"id":"film","title":"Film","duration":12.504,"playlist":"/hls/film/master.m3u8"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_Videos_HasTheFieldNamesOfTheApi()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        var film = $$"""{"ID":"film","TITLE":"A film, with comma","DURATION":13,"HLS-URL":"{{storage.Url}}hls/film/master.m3u8"}""";

        using var list = await backend.Http.GetAsync("/api/videos", Cancellation);
        using var one = await backend.Http.GetAsync("/api/videos/film", Cancellation);

        Assert.Equal($"[{film}]", await list.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(film, await one.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("application/json", list.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("nope")]
    [InlineData("FILM")]
    [InlineData("%2e%2e%2fcatalog.json")]
    [InlineData("film%2f")]
    public async Task Get_UnknownVideo_Is404WithTheReason(string id)
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        var answer = await RawHttp.SendAsync(backend.Url, $"/api/videos/{id}");

        Assert.Equal(404, answer.Status);
        Assert.Contains("""{"error":"video not found"}""", answer.Body);
    }

    [Fact]
    public async Task Get_OtherPathsAndMethods_AreErrorsInJson()
    {
        using var port = new RefusingPort();
        await using var backend = await RunningApp.BackendAsync(port.Url);

        using var missing = await backend.Http.GetAsync("/nowhere", Cancellation);
        using var post = await backend.Http.PostAsync("/api/videos", null, Cancellation);
        using var health = await backend.Http.GetAsync("/healthz", Cancellation);

        Assert.Equal((HttpStatusCode.NotFound, """{"error":"Not Found"}"""), (missing.StatusCode, await missing.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, """{"error":"Method Not Allowed"}"""), (post.StatusCode, await post.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task Get_StorageAway_Is502WithTheReason()
    {
        using var port = new RefusingPort();
        await using var backend = await RunningApp.BackendAsync(port.Url);

        foreach (var path in new[] { "/api/videos", "/api/videos/film" })
        {
            using var answer = await backend.Http.GetAsync(path, Cancellation);
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            Assert.Equal("""{"error":"the storage cannot be reached: Connection refused"}""", await answer.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Theory]
    [InlineData("[", 200, "expected JSON")]
    [InlineData("null", 200, "null")]
    [InlineData("{}", 200, "expected JSON")]
    [InlineData("[null]", 200, "broken")]
    [InlineData("[{}]", 200, "broken")]
    [InlineData("""[{"id":"..","title":"x","duration":1,"playlist":"/hls/a.m3u8"}]""", 200, "broken")]
    [InlineData("""[{"id":"a","title":"x","duration":-1,"playlist":"/hls/a.m3u8"}]""", 200, "broken")]
    [InlineData("""[{"id":"a","title":"x","duration":1,"playlist":"//elsewhere/a.m3u8"}]""", 200, "broken")]
    [InlineData("""[{"id":"a","title":"x","duration":1,"playlist":"http://elsewhere/hls/a.m3u8"}]""", 200, "broken")]
    [InlineData("""[{"id":"a","title":"x","duration":1,"playlist":"/hls/%2e%2e/a.m3u8"}]""", 200, "broken")]
    [InlineData("[]", 404, "no catalogue")]
    [InlineData("[]", 500, "answered 500")]
    [InlineData("[]", 302, "answered 302")]
    [InlineData("""{"error":"disk on fire"}""", 503, "answered 503: disk on fire")]
    public async Task Get_StorageAnswersNonsense_Is502WithTheReason(string json, int status, string reason)
    {
        await using var storage = new ScriptedServer(request => request.SendJsonAsync(json, status));
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        using var answer = await backend.Http.GetAsync("/api/videos", Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Get_EndlessCatalogue_Is502()
    {
        await using var storage = new ScriptedServer(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
            var chunk = "10000\r\n" + new string(' ', 0x10000) + "\r\n";
            while (true)
                await request.SendAsync(chunk);
        });
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        using var answer = await backend.Http.GetAsync("/api/videos", Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task Catalog_ManyQuestions_AskTheStorageOnceALifetime()
    {
        var clock = new ManualTimeProvider();
        await using var storage = new ScriptedServer(request => request.SendJsonAsync($"[{Entry}]"));
        using var upstream = new UpstreamClient("storage", storage.Url, TimeProvider.System);
        var catalog = new VideoCatalog(upstream, clock);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => catalog.ListAsync(Cancellation)));
        Assert.Equal("Film", (await catalog.FindAsync("film", Cancellation))!.Title);
        Assert.Single(storage.Heads);
        clock.Advance(VideoCatalog.Lifetime);
        Assert.Single(await catalog.ListAsync(Cancellation));

        Assert.Equal(["/catalog.json", "/catalog.json"], storage.Targets);
    }

    [Fact]
    public async Task Catalog_StorageComesBack_IsSeenAtOnce()
    {
        var away = true;
        await using var storage = new ScriptedServer(request => request.SendJsonAsync($"[{Entry}]", away ? 503 : 200));
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        using var before = await backend.Http.GetAsync("/api/videos", Cancellation);
        away = false;
        using var after = await backend.Http.GetAsync("/api/videos", Cancellation);

        Assert.Equal((HttpStatusCode.BadGateway, HttpStatusCode.OK), (before.StatusCode, after.StatusCode));
    }
}
