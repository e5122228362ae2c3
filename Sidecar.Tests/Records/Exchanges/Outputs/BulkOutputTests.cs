using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Oracle.Protocol;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

/// <summary>Records into a server that refuses, is slow, breaks connections and is away: each arrives once, or is counted.</summary>
[SystemTest]
public sealed class BulkOutputTests : IDisposable
{
    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, bool> Formats => [.. from name in RecordFormats.Names from hasNames in (bool[])[false, true] select new TheoryDataRow<string, bool>(name, hasNames)];

    [Fact]
    public async Task Records_ArriveOnceInTheIndexOfTheDay_WithTheTemplateBefore()
    {
        await using var server = await BulkServer.StartAsync();
        await using (var sink = Open(server.Url, index: "sidecar-%{+yyyy.MM.dd}"))
            Write(sink, 1000);

        Assert.Equal(1000, server.Documents.Count);
        Assert.Equal(Expected(1000), server.Documents.Values.Order(StringComparer.Ordinal));
        Assert.All(server.Documents.Keys, key => Assert.StartsWith("sidecar-2", key.Index, StringComparison.Ordinal));
        Assert.Equal("sidecar-*", (string)server.Templates["sidecar-ecs"]["index_patterns"]![0]!);
        Assert.Empty(server.Mistakes);
        Assert.Empty(_log.Lines);
    }

    [Theory]
    [InlineData("Busy")]
    [InlineData("Unavailable")]
    [InlineData("BusyItems")]
    [InlineData("CutBefore")]
    [InlineData("CutAfter")]
    [InlineData("TooLarge")]
    [InlineData("Nonsense")]
    [InlineData("CutAfter", "Busy", "BusyItems", "CutBefore", "Nonsense")]
    public async Task Records_ComeThroughEveryFault_Once(params string[] faults)
    {
        await using var server = await BulkServer.StartAsync();
        foreach (var fault in faults)
            server.Faults.Enqueue(Enum.Parse<BulkFault>(fault));
        LineSink sink;
        await using (sink = Open(server.Url))
        {
            Write(sink, 500);
            await Eventually.TrueAsync(() => server.Documents.Count == 500, () => $"{server.Documents.Count} of 500; {string.Join('\n', _log.Lines)}");
            // Known to be there, too.
            await Eventually.TrueAsync(() => faults is ["TooLarge"] || (server.Faults.IsEmpty && _log.Lines.Any(line => line.Contains("again", StringComparison.Ordinal))));
        }

        Assert.Equal(Expected(500), server.Documents.Values.Order(StringComparer.Ordinal));
        Assert.Equal(0, sink.Dropped);
        Assert.Empty(server.Mistakes);
        // A lost answer has the records sent again; the ids tell the server.
        Assert.Equal(faults.Contains("CutAfter"), server.Conflicts > 0);
    }

    [Fact]
    public async Task Record_ThatTheServerRefuses_IsCountedAlone()
    {
        await using var server = await BulkServer.StartAsync();
        server.Faults.Enqueue(BulkFault.RefusedItem);
        LineSink sink;
        await using (sink = Open(server.Url))
            Write(sink, 100);

        Assert.Equal((99, 1L), (server.Documents.Count, sink.Dropped));
        Assert.Contains("has refused 1 records", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Contains("400 some_exception: for a test", _log.Lines.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatComesLater_GetsAll()
    {
        // Bound and not listening: connections are refused, and no other test gets the port.
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        await using var sink = Open(new Uri($"http://127.0.0.1:{port}"));
        Write(sink, 200);
        await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("wait: ", StringComparison.Ordinal)));

        await using var server = await BulkServer.StartAsync(port);
        await Eventually.TrueAsync(() => server.Documents.Count == 200);
        await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("again", StringComparison.Ordinal)));
        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public async Task Overflow_DropsTheOldestAndCountsToTheRecord()
    {
        await using var server = await BulkServer.StartAsync();
        server.Hangs = true;
        const int limit = 2 * 1024 * 1024;
        const int count = 20_000;
        LineSink sink;
        await using (sink = Open(server.Url, queue: limit))
        {
            Write(sink, count);
            Assert.True(sink.Dropped > 0);
            server.Hangs = false;
        }

        Assert.Equal(count, server.Documents.Count + sink.Dropped);
        Assert.Contains(Document(count - 1).TrimEnd('\n'), server.Documents.Values);
    }

    [Fact]
    public async Task Server_ThatHangs_DelaysTheEndByTheFlushAlone()
    {
        await using var server = await BulkServer.StartAsync();
        server.Hangs = true;
        var sink = Open(server.Url);
        Write(sink, 10);

        await sink.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(() => sink.Dropped == 10);
    }

    [Theory]
    [InlineData("elastic", "secret", null, "Basic ZWxhc3RpYzpzZWNyZXQ=")]
    [InlineData(null, null, "abc==", "ApiKey abc==")]
    [InlineData(null, null, null, "")]
    public async Task Credentials_GoWithEachRequest(string? user, string? password, string? key, string expected)
    {
        await using var server = await BulkServer.StartAsync();
        await using (var sink = Open(server.Url, change: options => options with { User = user, Password = password, ApiKey = key }))
            Write(sink, 1);

        Assert.Equal([expected], server.Authorizations);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tls_NeedsAServerThatTheFileTrusts(bool isTrusted)
    {
        using var certificate = Certificate();
        using var other = Certificate();
        await using var server = await BulkServer.StartAsync(certificate: certificate);
        var file = _folder.Write("ca.pem", (isTrusted ? certificate : other).ExportCertificatePem());
        await using (var sink = Open(server.Url, change: options => options with { CaFile = file }))
        {
            Write(sink, 1);
            if (!isTrusted)
                await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("wait: ", StringComparison.Ordinal)));
        }

        Assert.Equal(isTrusted ? 1 : 0, server.Documents.Count);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Template_HasAFieldOfTheRightTypeForEachValue(string format, bool hasNames)
    {
        var mappings = JsonNode.Parse(IndexTemplate.Of(format, "x-*", hasNames))!["template"]!["mappings"]!;
        Assert.False((bool)mappings["dynamic"]!);
        var call = Completed(Request("PURR", "/pkg.Shop/Buy?a=b", ("Host", "a"), ("User-Agent", "b"), ("X-Request-Id", "c"), ("Referer", "d"), ("Content-Type", "e"), ("X-Forwarded-For", "f"), ("Cookie", new string('x', 9000)), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")), Response(503, ("Content-Type", "text/html")), ExchangeOutcome.ServerReset);
        call.Grpc = new GrpcCall { Status = 13, RequestMessages = 1 };
        foreach (var exchange in new[] { call, Of() })
        {
            var line = Written(Format(format, Text(maxLine: 4096)), exchange, Origin("[2001:db8::1]:1", "10.0.0.1:2", transform: "(xor 1)") with { Role = SidecarRole.Outbound, Names = hasNames ? Names : null });
            Fits(JsonNode.Parse(line)!, mappings, format);
        }
    }

    // A document fits if each of its values has a field, and has the field's type.
    private static void Fits(JsonNode value, JsonNode mapping, string path)
    {
        if ((bool?)mapping["enabled"] == false)
            return;
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, child) in fields)
                {
                    // A dot in a name is a step: attributes of the format otel.
                    var at = name.Split('.').Aggregate<string, JsonNode?>(mapping, (parent, step) => (bool?)parent?["enabled"] == false ? parent : parent?["properties"]?[step]);
                    Assert.True(at is not null, $"{path}.{name} is not in the template");
                    Fits(child!, at, $"{path}.{name}");
                }

                break;
            case JsonArray list:
                Assert.All(list, item => Fits(item!, mapping, path));
                break;
            default:
                var text = value.ToString();
                Assert.True((string?)mapping["type"] switch
                {
                    "long" => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
                    "ip" => IPAddress.TryParse(text, out _),
                    "boolean" => text is "true" or "false",
                    "date" or "date_nanos" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
                    "keyword" => true,
                    _ => false,
                }, $"{path} '{text}' is no {mapping["type"]}");
                break;
        }
    }

    private LineSink Open(Uri url, string index = "records", int queue = LineSink.DefaultLimit, Func<ElasticsearchOutput, ElasticsearchOutput>? change = null)
    {
        var options = new ElasticsearchOutput { Url = url, Index = IndexPattern.Parse(index) };
        var output = (change?.Invoke(options) ?? options).Open(new OutputContext("ecs", _ => 0, TimeProvider.System, _log));
        return new LineSink(output, queue, TimeProvider.System, _log);
    }

    private static void Write(LineSink sink, int count)
    {
        for (var i = 0; i < count; i++)
            sink.Write(Encoding.UTF8.GetBytes(Document(i)));
    }

    private static string Document(int number) => $$"""{"number":{{number}},"text":"{{new string('x', 200)}} ä"}""" + "\n";

    private static IEnumerable<string> Expected(int count) => Enumerable.Range(0, count).Select(i => Document(i).TrimEnd('\n')).Order(StringComparer.Ordinal);

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=search", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }
}
