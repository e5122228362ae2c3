using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.Transfers;
using Testing;
using Testing.Peers;
using Xunit;
using RunningOracle = Sidecar.Tests.Oracle.RunningOracle;

namespace Sidecar.Tests.Telemetry;

/// <summary>Names, types and labels of each program's own families: a contract with dashboards.</summary>
[SystemTest]
public sealed class FamiliesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_OfThePair_HasTheseFamilies()
    {
        await using var service = new EchoServer();
        await using var way = await SidecarWay.OpenAsync("xor 42", service.Port);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, way.Port, Cancel);
        var stream = client.GetStream();
        var bytes = new byte[100];
        await stream.WriteAsync(bytes, Cancel);
        await stream.ReadExactlyAsync(bytes, Cancel);
        client.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await stream.ReadAsync(bytes, Cancel));
        using var http = new HttpClient();
        foreach (var sidecar in way.Sidecars)
            await Eventually.TrueAsync(async () => (await sidecar.ScrapeAsync()).Sum("sidecar_connection_duration_seconds_count").Equals(1));

        var pages = await Task.WhenAll(way.Sidecars.Select(sidecar => http.GetStringAsync($"http://127.0.0.1:{sidecar.EndpointPorts[0]}/metrics", Cancel)));

        Assert.Equal(Expected("sidecar"), pages.SelectMany(MetricFamilies.Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Page_OfTheOracle_HasTheseFamilies()
    {
        await using var oracle = await RunningOracle.StartAsync("default: random");
        await oracle.AskAsync("hello p2 a 10.0.0.1 5\n");
        await oracle.MetricAsync("oracle_answer_seconds_count 1");

        Assert.Equal(Expected("oracle"), MetricFamilies.Of(await oracle.MetricsAsync()));
    }

    // Prometheus takes nothing of a page that breaks OpenMetrics in one line.
    [Fact]
    public async Task Scrape_OfBothPrograms_IsOpenMetricsThatPrometheusTakes()
    {
        await using var oracle = await RunningOracle.StartAsync("default: random");
        await oracle.AskAsync("hello p2 a 10.0.0.1 5\n");
        await using var service = new EchoServer();
        await using var way = await SidecarWay.OpenAsync("alone", service.Port);
        (string Job, IPEndPoint Address)[] targets =
        [
            ("oracle", oracle.App.MetricsAddress),
            ("sidecar", new IPEndPoint(IPAddress.Loopback, way.Sidecars[0].EndpointPorts[0])),
        ];

        await using var prometheus = await PrometheusServer.StartAsync(Cancel, targets);

        await prometheus.ExpectAsync("sum(up)", 2, Cancel);
        // As OpenMetrics writes a bound; the text format says 1.
        await prometheus.ExpectAsync("oracle_answer_seconds_bucket{le='1.0'}", 1, Cancel);
        await prometheus.ExpectAsync("oracle_questions_total{role='inbound',result='granted'}", 1, Cancel);
        await prometheus.ExpectAsync("sidecar_connections_limit", samples => samples is [{ Value: > 0 }], Cancel);
    }

    private static string[] Expected(string program) =>
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Telemetry", "Families", $"{program}.txt"));
}
