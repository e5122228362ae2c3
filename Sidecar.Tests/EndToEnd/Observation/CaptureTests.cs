using System.Globalization;
using System.Xml.Linq;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>What tshark makes of the packets between client and sidecar is what the sidecar has recorded, connection by connection.</summary>
public sealed class CaptureTests : IDisposable
{
    private const int Count = 1500;
    private const int Connections = 6;

    private static readonly string[] Paths = ["/a?n=1", "/empty", "/missing", "/b?n=22", "/moved", "/c?n=333"];

    private readonly ExchangeRecords _records = new();

    public void Dispose() => _records.Dispose();

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Tshark_OfHttp1_AgreesInOrder(string transport)
    {
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await RunningSidecar.AloneAsync(nginx.Port, [.. _records.Words, "--transport", transport]);
        await using var capture = await LoopbackCapture.StartAsync(sidecar.Port);
        var url = $"http://127.0.0.1:{sidecar.Port}";
        await Programs.RunAsync("curl", "curl", ["-sS", .. Paths.Select(path => url + path), "--next", "-sS", "-I", $"{url}/head", "--next", "-sS", "-d", "a=b", $"{url}/posted"]);
        // A dissector shows a packet at a time: no pipelining, or one packet has several requests.
        await Programs.RunAsync("h2load", "nghttp2-client", ["--h1", "-n", $"{Count}", "-c", $"{Connections}", "-m", "1", .. Paths.Select(path => url + path)]);
        var records = await _records.ReadAsync(Count + Paths.Length + 2);
        await capture.CompleteAsync();

        string[] fields = ["tcp.srcport", "tcp.dstport", "http.request.method", "http.request.uri", "http.response.code"];
        var lines = (await capture.DecodeAsync("http", ["-Y", "http.request or http.response", "-T", "fields", .. fields.SelectMany(field => new[] { "-e", field })]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToList();

        var requests = lines.Where(line => line[2].Length > 0).ToLookup(line => int.Parse(line[0], CultureInfo.InvariantCulture), line => $"{line[2]} {line[3]}");
        var responses = lines.Where(line => line[4].Length > 0).ToLookup(line => int.Parse(line[1], CultureInfo.InvariantCulture), line => line[4]);
        var captured = requests.ToDictionary(connection => connection.Key, connection => connection.Zip(responses[connection.Key], (request, response) => $"{request} {response}"));
        Assert.Equal(Connections + 1, captured.Count);
        AgreesWith(captured, records, ordered: true);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Tshark_OfHttp2_AgreesByStream(string transport)
    {
        await using var nginx = await Programs.NginxAsync("http2");
        await using var sidecar = await RunningSidecar.AloneAsync(nginx.Port, [.. _records.Words, "--transport", transport]);
        await using var capture = await LoopbackCapture.StartAsync(sidecar.Port);
        var url = $"http://127.0.0.1:{sidecar.Port}";
        await Programs.RunAsync("nghttp", "nghttp2-client", ["-n", .. Paths.Select(path => url + path)]);
        await Programs.RunAsync("h2load", "nghttp2-client", ["-n", $"{Count}", "-c", $"{Connections}", "-m", "20", .. Paths.Select(path => url + path)]);
        var records = await _records.ReadAsync(Count + Paths.Length);
        await capture.CompleteAsync();

        var packets = XDocument.Parse(await capture.DecodeAsync("http2", "-Y", "http2.headers", "-T", "pdml", "-J", "tcp http2")).Descendants("packet");
        var streams = new SortedDictionary<(int Port, int Stream), string>();
        foreach (var (packet, frame) in packets.SelectMany(packet => packet.Descendants("field").Where(field => Named(field, "http2.stream")).Select(frame => (packet, frame))))
        {
            var said = Shown(frame, "http2.headers.method") is { } method ? $"{method} {Shown(frame, "http2.headers.path")}" : Shown(frame, "http2.headers.status");
            if (said is null)
                continue;
            var ports = (Shown(packet, "tcp.srcport")!, Shown(packet, "tcp.dstport")!);
            var key = (Number(ports.Item1 == $"{sidecar.Port}" ? ports.Item2 : ports.Item1), Number(Shown(frame, "http2.streamid")!));
            streams[key] = streams.TryGetValue(key, out var before) ? $"{before} {said}" : said;
        }

        var captured = streams.GroupBy(stream => stream.Key.Port, stream => stream.Value).ToDictionary(connection => connection.Key, connection => connection.AsEnumerable());
        Assert.Equal(Connections + 1, captured.Count);
        AgreesWith(captured, records, ordered: false);
    }

    [Theory]
    [InlineData("http1", "epoll")]
    [InlineData("http1", "sockets")]
    [InlineData("http2", "epoll")]
    [InlineData("http2", "sockets")]
    public async Task Observers_FedFromPackets_SeeWhatTheyDoInTheRelay(string protocol, string transport)
    {
        await using var nginx = await Programs.NginxAsync(protocol == "http2" ? "http2" : "");
        await using var sidecar = await RunningSidecar.AloneAsync(nginx.Port, [.. _records.Words, "--transport", transport]);
        await using var capture = await LoopbackCapture.StartAsync(sidecar.Port);
        var url = $"http://127.0.0.1:{sidecar.Port}";
        string[] words = protocol == "http2" ? ["-m", "20"] : ["--h1", "-m", "5"];
        await Programs.RunAsync("h2load", "nghttp2-client", ["-n", $"{Count}", "-c", $"{Connections}", .. words, .. Paths.Select(path => url + path)]);
        var records = await _records.ReadAsync(Count);
        await capture.CompleteAsync();

        using var file = capture.Open();
        var captured = CapturedExchanges.Read(file);

        Assert.Empty(captured.Faults);
        Assert.Equal(
            records.Select(r => $"{r.ClientPort} {r} {r.RequestBytes} {r.ResponseBytes}").Order(StringComparer.Ordinal), captured.Seen.Order(StringComparer.Ordinal));
    }

    private static void AgreesWith(Dictionary<int, IEnumerable<string>> captured, IReadOnlyList<RecordedExchange> records, bool ordered)
    {
        var recorded = records.GroupBy(r => r.ClientPort, r => $"{r.Method} {r.Url} {r.Status}").ToDictionary(connection => connection.Key, connection => connection.AsEnumerable());
        Assert.Equal(captured.Keys.Order(), recorded.Keys.Order());
        foreach (var (port, exchanges) in captured)
            Assert.Equal(ordered ? exchanges : exchanges.Order(StringComparer.Ordinal), ordered ? recorded[port] : recorded[port].Order(StringComparer.Ordinal));
        Assert.Equal("completed", Assert.Single(records.Select(r => r.Outcome).Distinct()));
    }

    private static bool Named(XElement element, string name) => (string?)element.Attribute("name") == name;

    private static string? Shown(XElement within, string name) => (string?)within.Descendants("field").FirstOrDefault(field => Named(field, name))?.Attribute("show");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
