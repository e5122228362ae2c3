using Microsoft.Playwright;
using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Browser;

public class PlaybackTests
{
    [Fact]
    public async Task Watch_TheClip_Plays()
    {
        await using var storage = await RunningApp.StorageAsync(Repository.Clips);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        var media = await VideoViewer.WatchAsync(frontend.Url);

        Assert.Contains("/hls/clock/master.m3u8", media);
        Assert.Contains(media, path => path.EndsWith(".ts", StringComparison.Ordinal) || path.EndsWith(".m4s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("360p")]
    [InlineData("180p")]
    public async Task Watch_EachRendition_Plays(string rendition)
    {
        // A folder without the master playlist: the media playlist is what the catalogue finds.
        using var folder = new TempFolder();
        foreach (var file in new DirectoryInfo(Path.Combine(Repository.Clips, "clock", rendition)).EnumerateFiles())
            folder.Write($"clock/{file.Name}", await File.ReadAllBytesAsync(file.FullName, TestContext.Current.CancellationToken));
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);

        await VideoViewer.WatchAsync(frontend.Url);
    }

    [Fact]
    public async Task Watch_StorageFailsOnce_PlayerRecovers()
    {
        await using var storage = await RunningApp.StorageAsync(Repository.Clips);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);
        await using var chromium = await Chromium.StartOrSkipAsync();
        var page = await chromium.NewPageAsync();
        var refusals = 0;
        // 404 is fatal for hls.js at once; only the page's own second chance helps.
        await page.RouteAsync("**/master.m3u8", route => Interlocked.Increment(ref refusals) == 1
            ? route.FulfillAsync(new RouteFulfillOptions { Status = 404 })
            : route.ContinueAsync());

        await page.GotoAsync(new Uri(frontend.Url, "/video/clock").AbsoluteUri);
        await page.WaitUntilAsync("() => document.querySelector('video').readyState >= 2");

        Assert.True(refusals >= 2, $"{refusals}");
    }

    [Fact]
    public async Task Watch_VideoThatCannotBeLoaded_SaysSoOnThePage()
    {
        await using var backend = new ScriptedServer(request => request.Target.StartsWith("/api/", StringComparison.Ordinal)
            ? request.SendJsonAsync("""{"ID":"x","TITLE":"X","DURATION":1,"HLS-URL":"http://s/hls/x/x.m3u8"}""")
            : request.SendJsonAsync("""{"error":"no such file"}""", 404));
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);
        await using var chromium = await Chromium.StartOrSkipAsync();
        var page = await chromium.NewPageAsync();
        // The pauses between the player's tries take no time here.
        await page.AddInitScriptAsync("{ const wait = setTimeout; window.setTimeout = (f, ms, ...a) => wait(f, ms >= 1000 && ms <= 5000 ? 0 : ms, ...a); }");

        await page.GotoAsync(new Uri(frontend.Url, "/video/x").AbsoluteUri);
        var message = page.Locator("#message", new PageLocatorOptions { HasText = "The video cannot be played" });
        await message.WaitForAsync();

        Assert.Contains("(status 404)", await message.TextContentAsync());
        // One try and five second chances; hls.js itself does not repeat a 404.
        Assert.Equal(6, backend.Targets.Count(target => target.StartsWith("/hls/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("segments")]
    [InlineData("key")]
    public async Task Watch_FinishedFilmThatLacksFiles_SaysSoAtOnce(string missing)
    {
        using var folder = new TempFolder();
        foreach (var file in new DirectoryInfo(Path.Combine(Repository.Clips, "clock", "180p")).EnumerateFiles())
            folder.Write($"clock/{file.Name}", await File.ReadAllBytesAsync(file.FullName, TestContext.Current.CancellationToken));
        var playlist = Directory.EnumerateFiles(folder.File("clock"), "*.m3u8").Single();
        // Segments of names that are not there, or encrypted with a key that is not.
        var lines = await File.ReadAllLinesAsync(playlist, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(playlist, missing == "key"
            ? [lines[0], "#EXT-X-KEY:METHOD=AES-128,URI=\"film.key\"", .. lines[1..]]
            : lines.Select(line => line.StartsWith('#') || line.Length == 0 ? line : "gone-" + line), TestContext.Current.CancellationToken);
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        await using var frontend = await RunningApp.FrontendAsync(backend.Url);
        await using var chromium = await Chromium.StartOrSkipAsync();
        var page = await chromium.NewPageAsync();
        var refused = 0;
        page.Response += (_, response) => _ = response.Status == 404 && response.Url.Contains("/hls/", StringComparison.Ordinal) ? Interlocked.Increment(ref refused) : 0;

        await page.GotoAsync(new Uri(frontend.Url, "/video/clock").AbsoluteUri);
        var message = page.Locator("#message", new PageLocatorOptions { HasText = "The video cannot be played" });
        await message.WaitForAsync();

        Assert.Contains("(status 404)", await message.TextContentAsync());
        Assert.InRange(refused, 1, 3);
    }
}
