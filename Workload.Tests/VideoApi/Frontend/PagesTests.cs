using System.Net;
using System.Text.Json;
using Testing;
using Testing.Peers;
using VideoApi.Backend;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Frontend;

[SystemTest]
public class PagesTests
{
    private static readonly Video Film = new("film", "A film", 3723, "http://storage:9080/hls/film/master.m3u8");
    private static readonly Video Odd = new("a \"b\"&<c>?#", "<script>alert(1)</script>", 59, "http://storage/hls/a%20%22b%22&%3Cc%3E%3F%23/x.m3u8");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Index_Videos_AreLinked()
    {
        await using var backend = Backend(Film);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        using var answer = await frontend.Http.GetAsync("/", Cancellation);
        var page = await answer.Content.ReadAsStringAsync(Cancellation);

        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("<a href=\"/video/film\">", page);
        Assert.Contains("A film", page);
        Assert.Contains("1:02:03", page);
    }

    [Fact]
    public async Task Index_NoVideos_SaysSo()
    {
        await using var backend = Backend();
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        Assert.Contains("There are no videos yet.", await frontend.Http.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task Pages_HostileTitleAndId_AreEncoded()
    {
        await using var backend = Backend(Odd);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        var index = await frontend.Http.GetStringAsync("/", Cancellation);
        var player = await frontend.Http.GetStringAsync("/video/" + Uri.EscapeDataString(Odd.Id), Cancellation);
        using var missing = await frontend.Http.GetAsync("/video/" + Uri.EscapeDataString("<script>x"), Cancellation);

        Assert.Contains("href=\"/video/a%20%22b%22%26%3Cc%3E%3F%23\"", index);
        foreach (var page in new[] { index, player })
            Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page);
        foreach (var page in new[] { index, player, await missing.Content.ReadAsStringAsync(Cancellation) })
            Assert.DoesNotContain("<script>", page);
        Assert.Contains("data-playlist=\"/hls/a%20%22b%22&amp;%3Cc%3E%3F%23/x.m3u8\"", player);
    }

    [Fact]
    public async Task Player_Video_IsPlayedFromTheOwnOrigin()
    {
        await using var backend = Backend(Film);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        var page = await frontend.Http.GetStringAsync("/video/film", Cancellation);

        Assert.Contains("data-playlist=\"/hls/film/master.m3u8\"", page);
        Assert.DoesNotContain("storage:9080", page);
    }

    [Theory]
    [InlineData("/video/unknown", "There is no video")]
    [InlineData("/nowhere", "There is nothing at this address.")]
    [InlineData("/video/", "There is nothing at this address.")]
    [InlineData("/assets/missing.js", "There is nothing at this address.")]
    public async Task Get_WhatIsNotThere_IsA404Page(string path, string text)
    {
        await using var backend = Backend(Film);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        using var answer = await frontend.Http.GetAsync(path, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains(text, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("/video/..%2f..%2fadmin")]
    [InlineData("/video/%2e%2e%2fadmin")]
    [InlineData("/video/%252e%252e")]
    [InlineData("/video/..%5cadmin")]
    [InlineData("/video/.hidden")]
    public async Task Player_IdThatIsAPath_NeverReachesTheBackend(string target)
    {
        await using var backend = Backend(Film);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        var answer = await RawHttp.SendAsync(frontend.Url, target);

        Assert.Equal(404, answer.Status);
        Assert.Empty(backend.Targets);
    }

    [Fact]
    public async Task Player_IdWithAQuery_StaysWithinItsName()
    {
        await using var backend = Backend(Film);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        await RawHttp.SendAsync(frontend.Url, "/video/film%3Fx=1%23y");

        Assert.Equal(["/api/videos/film%3Fx%3D1%23y"], backend.Targets);
    }

    [Fact]
    public async Task Pages_BackendAway_Are502AndSayWhatFailed()
    {
        using var port = new RefusingPort();
        await using var frontend = await RunningApp.FrontendAsync(port.Url);

        foreach (var path in new[] { "/", "/video/film" })
        {
            using var answer = await frontend.Http.GetAsync(path, Cancellation);
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            Assert.Contains("What failed: the backend cannot be reached: Connection refused.", await answer.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Pages_StorageAway_SaySo()
    {
        using var port = new RefusingPort();
        await using var backend = await RunningApp.BackendAsync(port.Url);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        using var answer = await frontend.Http.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("the backend answered 502: the storage cannot be reached: Connection refused", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("""[{"ID":"a","TITLE":"x","DURATION":1,"HLS-URL":"http://s/elsewhere/a.m3u8"}]""")]
    [InlineData("""[{"ID":"a","TITLE":"x","DURATION":1,"HLS-URL":"javascript:alert(1)"}]""")]
    [InlineData("""[{"ID":"a/b","TITLE":"x","DURATION":1,"HLS-URL":"http://s/hls/a.m3u8"}]""")]
    [InlineData("""[{"ID":"a","TITLE":"x","DURATION":9223372036854775807,"HLS-URL":"http://s/hls/a.m3u8"}]""")]
    [InlineData("""[{"ID":"a"}]""")]
    [InlineData("<html>")]
    public async Task Index_BackendAnswersNonsense_Is502(string json)
    {
        await using var backend = new ScriptedServer(request => request.SendJsonAsync(json));
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        using var answer = await frontend.Http.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task Head_Page_HasTheLengthOfGetAndNoBody()
    {
        await using var backend = Backend(Film);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        foreach (var path in new[] { "/", "/video/film", "/nowhere", "/assets/player.js" })
        {
            var head = await RawHttp.SendAsync(frontend.Url, path, "HEAD");
            var get = await RawHttp.SendAsync(frontend.Url, path);
            Assert.Equal((get.Status, get.Headers["Content-Length"], ""), (head.Status, head.Headers["Content-Length"], head.Body));
        }
    }

    private static ScriptedServer Backend(params Video[] videos) => new(request =>
    {
        if (request.Target == "/api/videos")
            return request.SendJsonAsync(JsonSerializer.Serialize(videos));
        var id = Uri.UnescapeDataString(request.Target["/api/videos/".Length..]);
        return videos.FirstOrDefault(video => video.Id == id) is { } video
            ? request.SendJsonAsync(JsonSerializer.Serialize(video))
            : request.SendJsonAsync("""{"error":"video not found"}""", 404);
    });
}
