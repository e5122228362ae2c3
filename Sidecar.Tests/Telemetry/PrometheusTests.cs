using System.Net;
using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.Transfers;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Telemetry;

/// <summary>The sidecar's metrics as a real Prometheus server and promtool see them.</summary>
[SystemTest]
public sealed class PrometheusTests
{
    private const int Bytes = 100_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scrape_OfThePair_HasThePublishedSeriesAndMovesWhileTheConnectionLives()
    {
        await using var service = new EchoServer();
        await using var way = await SidecarWay.OpenAsync("xor 42", service.Port);
        await using var prometheus = await PrometheusServer.StartAsync(Cancel, way.Sidecars.Zip(["outbound", "inbound"], (s, name) => (name, Address(s))));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, way.Port, Cancel);
        await EchoAsync(client, Bytes);

        // Names and labels are a contract with dashboards.
        foreach (var role in new[] { "outbound", "inbound" })
        {
            var own = $"job=\"{role}\",listener=\"{role}\",role=\"{role}\"";
            await prometheus.ExpectAsync($"sidecar_connections_opened_total{{{own}}}", 1, Cancel);
            await prometheus.ExpectAsync($"sidecar_connections_active{{{own}}}", 1, Cancel);
            await prometheus.ExpectAsync($"sidecar_transform_bytes_total{{job=\"{role}\",transform=\"xor\"}}", 2 * Bytes, Cancel);
            await prometheus.ExpectAsync($"sidecar_upstream_connect_seconds_count{{{own}}}", 1, Cancel);
            await prometheus.ExpectAsync($"sidecar_handshake_seconds_count{{{own}}}", 1, Cancel);
            await prometheus.ExpectAsync($"sidecar_oracle_request_seconds_count{{job=\"{role}\",result=\"ok\"}}", 1, Cancel);
            await prometheus.ExpectAsync($"sidecar_records_dropped_total{{job=\"{role}\",sink=\"connections\",reason=\"output\"}}", 0, Cancel);
            foreach (var (direction, peer) in new[] { ("received", "downstream"), ("sent", "upstream"), ("received", "upstream"), ("sent", "downstream") })
                await prometheus.ExpectAsync($"sidecar_bytes_total{{{own},direction=\"{direction}\",peer=\"{peer}\"}}", Bytes, Cancel);
        }

        await EchoAsync(client, Bytes);
        await prometheus.ExpectAsync("sum(sidecar_bytes_total{job=\"outbound\"})", 8 * Bytes, Cancel);
        client.Client.Shutdown(SocketShutdown.Send);
        await prometheus.ExpectAsync("sum(sidecar_connections_total{reason=\"completed\"})", 2, Cancel);
        await prometheus.ExpectAsync("sum(sidecar_connections_active)", 0, Cancel);
        await prometheus.ExpectAsync("sum(sidecar_connection_duration_seconds_count)", 2, Cancel);
        await prometheus.ExpectAsync("sum(up)", 2, Cancel);
    }

    [Fact]
    public async Task CheckMetrics_OfAUsedSidecar_ObjectsToNothing()
    {
        await using var service = new EchoServer();
        await using var way = await SidecarWay.OpenAsync("alone", service.Port);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, way.Port, Cancel);
        await EchoAsync(client, 1);
        using var http = new HttpClient();

        var page = await http.GetStringAsync($"http://{Address(way.Sidecars[0])}/metrics", Cancel);

        Assert.Equal("", await Promtool.CheckMetricsAsync(page));
        // The runtime's and the process's own stand beside the sidecar's; those of the own endpoints' web server do not.
        Assert.Contains("dotnet_gc_collections_total", page, StringComparison.Ordinal);
        Assert.Contains("process_open_fds", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http_server", page, StringComparison.Ordinal);
        Assert.DoesNotContain("kestrel", page, StringComparison.Ordinal);
    }

    private static IPEndPoint Address(RunningSidecar sidecar) => new(IPAddress.Loopback, sidecar.EndpointPorts[0]);

    private static async Task EchoAsync(TcpClient client, int length)
    {
        var bytes = new byte[length];
        await client.GetStream().WriteAsync(bytes, Cancel);
        await client.GetStream().ReadExactlyAsync(bytes, Cancel);
    }
}
