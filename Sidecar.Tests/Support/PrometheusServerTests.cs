using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support;

[SystemTest]
public sealed class PrometheusServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Query_OfARealScrape_GivesTheValuesOfTheBridge()
    {
        using var meter = new Meter($"{nameof(PrometheusServerTests)}.Scrape");
        var bytes = meter.CreateCounter<long>("demo_bytes_total", "By", "Bytes.");
        var seconds = meter.CreateHistogram<double>("demo_duration", "s", "Durations.");
        await using var host = await MetricsHost.StartAsync(meter.Name);
        bytes.Add(1000, new KeyValuePair<string, object?>("direction", "sent"), new("note", "a \"quoted\" \\ word"));
        seconds.Record(0.3);
        await using var prometheus = await PrometheusServer.StartAsync(Cancel, ("demo", host.Address));

        await prometheus.ExpectAsync("up{job='demo'}", 1, Cancel);
        await prometheus.ExpectAsync("demo_bytes_total", samples => samples is [var sample] && sample.Value == 1000 && sample.Labels["note"] == "a \"quoted\" \\ word", Cancel);
        await prometheus.ExpectAsync("demo_duration_seconds_bucket{le='0.5'}", 1, Cancel);

        bytes.Add(234, new KeyValuePair<string, object?>("direction", "sent"), new("note", "a \"quoted\" \\ word"));
        await prometheus.ExpectAsync("sum(demo_bytes_total{direction='sent'})", 1234, Cancel);
    }

    [Fact]
    public async Task Query_OfATargetThatIsDown_SaysSo()
    {
        using var unused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unused.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var prometheus = await PrometheusServer.StartAsync(Cancel, ("down", (IPEndPoint)unused.LocalEndPoint!));

        await prometheus.ExpectAsync("up", 0, Cancel);
    }

    [Fact]
    public async Task CheckMetrics_OfTheBridgesPage_ObjectsToNothing()
    {
        using var meter = new Meter($"{nameof(PrometheusServerTests)}.Check");
        await using var host = await MetricsHost.StartAsync(meter.Name);
        meter.CreateCounter<long>("demo_connections_opened", null, "Connections.").Add(1, new KeyValuePair<string, object?>("role", "outbound"));
        meter.CreateHistogram<double>("demo_request_duration", "s", "Requests.").Record(2);
        using var http = new HttpClient();

        var page = await http.GetStringAsync($"http://{host.Address}/metrics", Cancel);

        Assert.Contains("demo_connections_opened_total{role=\"outbound\"} 1", page, StringComparison.Ordinal);
        Assert.Equal("", await Promtool.CheckMetricsAsync(page));
    }

    [Fact]
    public async Task CheckMetrics_OfABadPage_SaysWhatIsWrong()
    {
        Assert.Contains("exit code", await Promtool.CheckMetricsAsync("this is no metric\n"), StringComparison.Ordinal);
        Assert.Contains("no help text", await Promtool.CheckMetricsAsync("# TYPE x_total counter\nx_total 1\n"), StringComparison.Ordinal);
    }
}
