using System.Net;
using System.Text;
using Demo.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Testing;
using Xunit;

namespace Workload.Tests.Demo;

[SystemTest]
public sealed class PlaylistWalkerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FetchAll_FromAMaster_FollowsEveryReferenceOnce()
    {
        var (fetched, findings) = await WalkAsync(new()
        {
            ["/hls/v/master.m3u8"] = "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,URI=\"subs/en.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/list.m3u8\n",
            ["/hls/v/low/list.m3u8"] = "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:1,\n00.m4s\n#EXTINF:1,\n../low/00.m4s\n#EXTINF:1,\na%20b.m4s\n",
            ["/hls/v/low/init.mp4"] = "init",
            ["/hls/v/low/00.m4s"] = "segment",
            ["/hls/v/low/a b.m4s"] = "spaced",
            ["/hls/v/subs/en.m3u8"] = "#EXTM3U\n/hls/v/subs/en.vtt\nmaster-is-no-loop.m3u8\n",
            ["/hls/v/subs/en.vtt"] = "WEBVTT",
            ["/hls/v/subs/master-is-no-loop.m3u8"] = "#EXTM3U\n../master.m3u8\n",
        });

        Assert.Empty(findings.Failures);
        Assert.Equal(
            ["#EXTM3U\n../master.m3u8\n", "WEBVTT", "init", "segment", "spaced"],
            fetched.Select(a => a.Text).Where(text => !text.Contains("EXT-X", StringComparison.Ordinal) && !text.Contains("en.vtt", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(8, fetched.Count);
    }

    [Fact]
    public async Task FetchAll_WithAMissingSegment_NamesItsUrlAndStatusAndGoesOn()
    {
        var (fetched, findings) = await WalkAsync(new()
        {
            ["/hls/v/master.m3u8"] = "#EXTM3U\ngone.ts\nthere.ts\n",
            ["/hls/v/there.ts"] = "there",
        });

        Assert.EndsWith("/hls/v/gone.ts: status 404, 200 was expected", Assert.Single(findings.Failures), StringComparison.Ordinal);
        Assert.Equal(2, fetched.Count);
    }

    [Fact]
    public async Task FetchAll_WithMediaOfAnotherOrigin_RefusesIt()
    {
        var (_, findings) = await WalkAsync(new() { ["/hls/v/master.m3u8"] = "#EXTM3U\nhttp://127.0.0.1:1/direct.ts\n" });

        Assert.EndsWith("names http://127.0.0.1:1/direct.ts, which is not behind the frontend", Assert.Single(findings.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FetchAll_WithAPageInPlaceOfAPlaylist_SaysSo()
    {
        var (_, findings) = await WalkAsync(new() { ["/hls/v/master.m3u8"] = "<html>sorry</html>" });

        Assert.Contains("not a playlist", Assert.Single(findings.Failures), StringComparison.Ordinal);
    }

    private static async Task<(IReadOnlyList<WebAnswer> Fetched, Findings Findings)> WalkAsync(Dictionary<string, string> files)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.Run(async context =>
        {
            var found = files.TryGetValue(context.Request.Path.Value!, out var text);
            context.Response.StatusCode = found ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text ?? ""), context.RequestAborted);
        });
        await app.StartAsync(Cancel);

        var findings = new Findings();
        using var web = new HttpFetcher();
        var fetched = await new PlaylistWalker(web, findings).FetchAllAsync(new Uri($"{app.Urls.Single()}/hls/v/master.m3u8"), Cancel);
        return (fetched, findings);
    }
}
