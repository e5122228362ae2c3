using System.Net;
using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Hosting;

/// <summary>Names, types and labels of a video service's own families: a contract with dashboards.</summary>
[SystemTest]
public sealed class FamiliesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_OfAVideoService_HasTheseFamilies()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await RawHttp.SendAsync(storage.Url, "/healthz");

        Assert.Equal(
            File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Families", "video.txt")),
            MetricFamilies.Of(await storage.Http.GetStringAsync(new Uri(storage.MetricsUrl, "/metrics"), Cancel)));
    }

    [Fact]
    public async Task Scrape_OfAVideoService_IsOpenMetricsThatPrometheusTakes()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);

        await using var prometheus = await PrometheusServer.StartAsync(Cancel, ("video", IPEndPoint.Parse(storage.MetricsUrl.Authority)));

        await prometheus.ExpectAsync("sum(up)", 1, Cancel);
        await prometheus.ExpectAsync("video_connections_limit", samples => samples is [{ Value: > 0 }], Cancel);
    }
}
