using Sidecar.Tests.EndToEnd.Transfers;
using Sidecar.Tests.VideoApi.Browser;
using Sidecar.Tests.VideoApi.Support;
using Xunit;

namespace Sidecar.Tests.EndToEnd;

public sealed class BrowserBehindThePairTests
{
    [Fact]
    public async Task Chromium_FrontendBehindThePair_PlaysWhatCrossedBothSidecars()
    {
        await using var storage = await RunningApp.StorageAsync(Repository.Clips);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        await using var way = await SidecarWay.OpenAsync("random", backend.Url.Port);
        await using var frontend = await RunningApp.FrontendAsync(new Uri($"http://127.0.0.1:{way.Port}"));

        var media = await VideoViewer.WatchAsync(frontend.Url);

        Assert.Contains("/hls/clock/master.m3u8", media);
        foreach (var sidecar in way.Sidecars)
        {
            var metrics = await sidecar.ScrapeAsync();
            // The shortest way to play two seconds is the playlists and a first segment of each kind.
            Assert.InRange(metrics.Sum("sidecar_transform_bytes_total", "transform=\"xor\""), 100_000, double.MaxValue);
        }
    }
}
