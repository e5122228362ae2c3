using System.Net;
using System.Net.Sockets;
using Sidecar.Options;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting.Metrics;

/// <summary>All metrics at a collector, checked against OTLP's official definitions.</summary>
[SystemTest]
public sealed class MetricsExportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, "http/protobuf")]
    [InlineData(OtlpProtocol.Grpc, "grpc")]
    public async Task Metrics_ArriveWithTheirResource_TheLastOnesAtTheEnd(OtlpProtocol protocol, string word)
    {
        await using var collector = await OtlpCollector.StartAsync(protocol);
        await using var nginx = await Programs.NginxAsync();
        await using (var sidecar = await StartedSidecar.StartAsync(nginx.Port,
            "--metrics-otlp", collector.Url.AbsoluteUri, "--metrics-otlp-protocol", word, "--metrics-otlp-interval", "1s", "--metrics-otlp-service", "shop", "--kubernetes-names", "own", "--kubernetes-pod", "shop-1", "--metrics-otlp-token", "token-of-a-test"))
        {
            await Eventually.TrueAsync(() => !collector.Taken.IsEmpty);
            await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{sidecar.Port}/a?n=[1-20]");
            Assert.DoesNotContain("token-of-a-test", (await sidecar.GetAsync("admin", "/config")).Body, StringComparison.Ordinal);
            await sidecar.StopAsync(Processes.ProcessSignal.Terminate);
            Assert.DoesNotContain(sidecar.Log, line => line.Contains("token-of-a-test", StringComparison.Ordinal) || line.Contains("do not arrive", StringComparison.Ordinal));
        }

        Assert.Equal(["Bearer token-of-a-test"], collector.Authorizations.Distinct());
        Assert.Empty(collector.Mistakes);
        var requests = await OtlpDefinitions.DecodeAsync(collector.Taken);
        var resource = requests[^1].GetProperty("resourceMetrics")[0];
        var attributes = resource.GetProperty("resource").GetProperty("attributes").EnumerateArray().ToDictionary(a => a.GetProperty("key").GetString()!, a => a.GetProperty("value").GetProperty("stringValue").GetString());
        Assert.Equal(("shop", Environment.MachineName, "opentelemetry"), (attributes["service.name"], attributes["host.name"], attributes["telemetry.sdk.name"]));
        Assert.Equal("shop-1", attributes["k8s.pod.name"]);
        Assert.Matches("^[0-9]+[.]", attributes["service.version"]);
        var metrics = resource.GetProperty("scopeMetrics").EnumerateArray().SelectMany(scope => scope.GetProperty("metrics").EnumerateArray()).ToDictionary(metric => metric.GetProperty("name").GetString()!);
        // AGGREGATION_TEMPORALITY_CUMULATIVE, of what ended last.
        var opened = metrics["sidecar.connections"].GetProperty("sum");
        Assert.Equal((2, true), (opened.GetProperty("aggregationTemporality").GetInt32(), opened.GetProperty("isMonotonic").GetBoolean()));
        Assert.Equal("1", Assert.Single(opened.GetProperty("dataPoints").EnumerateArray()).GetProperty("asInt").GetString());
        var requestsOf = Assert.Single(metrics["http.server.request.duration"].GetProperty("histogram").GetProperty("dataPoints").EnumerateArray());
        Assert.Equal("20", requestsOf.GetProperty("count").GetString());
        Assert.Equal([.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10], requestsOf.GetProperty("explicitBounds").EnumerateArray().Select(bound => bound.GetDouble()));
        Assert.Contains(metrics.Keys, name => name.StartsWith("dotnet.", StringComparison.Ordinal));
        Assert.Contains(metrics.Keys, name => name.StartsWith("process_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, "http/protobuf", "503 for a test")]
    [InlineData(OtlpProtocol.Grpc, "grpc", "UNAVAILABLE for a test")]
    public async Task Collector_ThatRefusesAndTakesAgain_IsLoggedOnceEach(OtlpProtocol protocol, string word, string reason)
    {
        await using var collector = await OtlpCollector.StartAsync(protocol);
        collector.Faults.Enqueue(CollectorFault.Parse(protocol == OtlpProtocol.Grpc ? "Unavailable" : "503"));
        collector.Faults.Enqueue(CollectorFault.Parse(protocol == OtlpProtocol.Grpc ? "Unavailable" : "503"));
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--metrics-otlp", collector.Url.AbsoluteUri, "--metrics-otlp-protocol", word, "--metrics-otlp-interval", "1s");

        await Eventually.TrueAsync(() => collector.Taken.Count >= 2);

        var url = collector.Url.AbsoluteUri.TrimEnd('/');
        Assert.Contains(sidecar.Log, line => line.Contains($"Metrics do not arrive at {url}: {reason}", StringComparison.Ordinal));
        Assert.Equal((1, 1), (sidecar.Log.Count(line => line.Contains("do not arrive", StringComparison.Ordinal)), sidecar.Log.Count(line => line.Contains($"Metrics arrive at {url} again", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, "http/protobuf")]
    [InlineData(OtlpProtocol.Grpc, "grpc")]
    public async Task Collector_ThatIsAwayAndComes_IsLoggedOnceEach(OtlpProtocol protocol, string word)
    {
        // Bound and not listening: connections are refused, and no other test gets the port.
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--metrics-otlp", $"http://127.0.0.1:{port}", "--metrics-otlp-protocol", word, "--metrics-otlp-interval", "1s");
        await Eventually.TrueAsync(() => sidecar.Log.Any(line => line.Contains($"Metrics do not arrive at http://127.0.0.1:{port}: Connection refused", StringComparison.Ordinal)));

        await using var collector = await OtlpCollector.StartAsync(protocol, port);

        await Eventually.TrueAsync(() => sidecar.Log.Any(line => line.Contains("again", StringComparison.Ordinal)));
        Assert.NotEmpty(collector.Taken);
        Assert.Equal(1, sidecar.Log.Count(line => line.Contains("do not arrive", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, "http/protobuf")]
    [InlineData(OtlpProtocol.Grpc, "grpc")]
    public async Task Collector_WithTls_IsTrustedByItsAuthority(OtlpProtocol protocol, string word)
    {
        using var certificate = TestCertificate.Create();
        await using var collector = await OtlpCollector.StartAsync(protocol, certificate: certificate);
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port,
            "--metrics-otlp", collector.Url.AbsoluteUri, "--metrics-otlp-protocol", word, "--metrics-otlp-interval", "1s", "--metrics-otlp-ca-file", _folder.Write("ca.pem", certificate.ExportCertificatePem()));

        await Eventually.TrueAsync(() => !collector.Taken.IsEmpty, () => string.Join('\n', sidecar.Log));
    }
}
