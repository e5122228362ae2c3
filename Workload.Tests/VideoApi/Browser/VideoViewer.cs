using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Workload.Tests.VideoApi.Browser;

/// <summary>Somebody who opens a frontend in a browser, picks a video and watches it.</summary>
public static class VideoViewer
{
    /// <summary>
    /// Plays the first video of a frontend for more than two seconds, from wherever that frontend gets its bytes.
    /// Fails the test on a media error, a script error, a line on the console, a refused resource, or a request to another origin.
    /// </summary>
    /// <param name="frontend">Origin of the frontend.</param>
    /// <returns>The media files that the player loaded, as paths.</returns>
    public static async Task<IReadOnlyCollection<string>> WatchAsync(Uri frontend)
    {
        await using var chromium = await Chromium.StartOrSkipAsync();
        var page = await chromium.NewPageAsync();
        var complaints = new ConcurrentQueue<string>();
        var media = new ConcurrentQueue<string>();
        page.Console += (_, line) => complaints.Enqueue($"console: {line.Type}: {line.Text}");
        page.PageError += (_, error) => complaints.Enqueue($"script: {error}");
        page.RequestFailed += (_, request) =>
        {
            // The player itself gives up a segment that comes too slowly, to take a smaller one.
            if (request.Failure != "net::ERR_ABORTED")
                complaints.Enqueue($"request: {request.Url}: {request.Failure}");
        };
        page.Response += (_, response) => Note(response, frontend, complaints, media);
        // A violation of the policy that is reported nowhere else.
        await page.AddInitScriptAsync("addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective, e.blockedURI))");

        await page.GotoAsync(frontend.AbsoluteUri);
        await page.Locator("a[href^='/video/']").First.ClickAsync();
        await page.WaitUntilAsync("() => document.querySelector('video')?.readyState >= 2 || document.querySelector('#message:not([hidden])') !== null");
        await page.EvaluateAsync("() => { document.querySelector('video').muted = true; return document.querySelector('video').play(); }");
        await page.WaitUntilAsync("() => document.querySelector('video').currentTime > 2.2 || document.querySelector('video').error !== null");

        var state = await page.EvaluateAsync<JsonElement>("""
            () => {
              const video = document.querySelector('video');
              return {
                time: video.currentTime, width: video.videoWidth, error: video.error?.message ?? '',
                frames: video.getVideoPlaybackQuality().totalVideoFrames, message: document.getElementById('message').textContent,
              };
            }
            """);
        Assert.Equal("", state.GetProperty("error").GetString());
        Assert.Equal("", state.GetProperty("message").GetString());
        Assert.InRange(state.GetProperty("time").GetDouble(), 2, 60);
        Assert.True(state.GetProperty("width").GetInt32() > 0 && state.GetProperty("frames").GetInt32() > 10, $"no picture: {state}");
        Assert.Empty(complaints);
        return [.. media];
    }

    private static void Note(IResponse response, Uri frontend, ConcurrentQueue<string> complaints, ConcurrentQueue<string> media)
    {
        if (response.Status >= 400)
            complaints.Enqueue($"response: {response.Status} {response.Url}");
        if (response.Url.StartsWith("blob:", StringComparison.Ordinal))
            return;
        var url = new Uri(response.Url);
        if (url.Authority != frontend.Authority)
            complaints.Enqueue($"another origin: {response.Url}");
        if (url.AbsolutePath.StartsWith("/hls/", StringComparison.Ordinal))
            media.Enqueue(url.AbsolutePath);
    }
}
