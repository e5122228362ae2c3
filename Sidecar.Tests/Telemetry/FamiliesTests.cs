using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Sidecar.Tests.EndToEnd.Transfers;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Sidecar.Tests.VideoApi.Support;
using Xunit;
using RunningOracle = Sidecar.Tests.Oracle.RunningOracle;

namespace Sidecar.Tests.Telemetry;

/// <summary>Names, types and labels of each program's own families: a contract with dashboards.</summary>
[SystemTest]
public sealed partial class FamiliesTests
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

        Assert.Equal(Expected("sidecar"), pages.SelectMany(Families).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Page_OfTheOracle_HasTheseFamilies()
    {
        await using var oracle = await RunningOracle.StartAsync("default: random");
        await oracle.AskAsync("hello p2 a 10.0.0.1 5\n");
        await oracle.MetricAsync("oracle_answer_seconds_count 1");

        Assert.Equal(Expected("oracle"), Families(await oracle.MetricsAsync()));
    }

    [Fact]
    public async Task Page_OfAVideoService_HasTheseFamilies()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await RawHttp.SendAsync(storage.Url, "/healthz");

        Assert.Equal(Expected("video"), Families(await storage.Http.GetStringAsync(new Uri(storage.MetricsUrl, "/metrics"), Cancel)));
    }

    // Prometheus takes nothing of a page that breaks OpenMetrics in one line.
    [Fact]
    public async Task Scrape_OfAllPrograms_IsOpenMetricsThatPrometheusTakes()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        await using var oracle = await RunningOracle.StartAsync("default: random");
        await oracle.AskAsync("hello p2 a 10.0.0.1 5\n");
        await using var service = new EchoServer();
        await using var way = await SidecarWay.OpenAsync("alone", service.Port);
        (string Job, IPEndPoint Address)[] targets =
        [
            ("video", IPEndPoint.Parse(storage.MetricsUrl.Authority)), ("oracle", oracle.App.MetricsAddress),
            ("sidecar", new IPEndPoint(IPAddress.Loopback, way.Sidecars[0].EndpointPorts[0])),
        ];

        await using var prometheus = await PrometheusServer.StartAsync(Cancel, targets);

        await prometheus.ExpectAsync("sum(up)", 3, Cancel);
        // As OpenMetrics writes a bound; the text format says 1.
        await prometheus.ExpectAsync("oracle_answer_seconds_bucket{le='1.0'}", 1, Cancel);
        await prometheus.ExpectAsync("oracle_questions_total{role='p2',result='granted'}", 1, Cancel);
        await prometheus.ExpectAsync("sidecar_connections_limit", samples => samples is [{ Value: > 0 }], Cancel);
        await prometheus.ExpectAsync("video_connections_limit", samples => samples is [{ Value: > 0 }], Cancel);
    }

    private static string[] Expected(string program) =>
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Telemetry", "Families", $"{program}.txt"));

    // The runtime's own depend on what happened in the process: their types are tested by themselves.
    private static SortedSet<string> Families(string page)
    {
        var types = TypeLine().Matches(page).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["type"].Value, StringComparer.Ordinal);
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Match sample in SampleLine().Matches(page))
        {
            var name = sample.Groups["name"].Value;
            var family = types.ContainsKey(name) ? name : name[..name.LastIndexOf('_')];
            var labels = string.Join(' ', LabelName().Matches(sample.Groups["labels"].Value).Select(label => label.Groups["label"].Value));
            if (!family.StartsWith("dotnet_", StringComparison.Ordinal))
                lines.Add($"{types[family]} {name} {labels}".TrimEnd());
        }

        return lines;
    }

    [GeneratedRegex("^# TYPE (?<name>[^ ]+) (?<type>.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TypeLine();

    [GeneratedRegex("^(?<name>[a-z_0-9]+)([{](?<labels>.*)[}])? [^ ]+$", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SampleLine();

    [GeneratedRegex("(?<label>[a-z_]+)=\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LabelName();
}
