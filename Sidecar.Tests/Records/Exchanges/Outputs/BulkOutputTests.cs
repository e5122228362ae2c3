using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

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
        Assert.Equal("sidecar-*", (string)server.Templates["sidecar-ecs-sidecar-_"]["index_patterns"]![0]!);
        Assert.Empty(server.Mistakes);
        Assert.Empty(_log.Lines);
    }

    [Theory]
    [InlineData("Busy")]
    [InlineData("Unavailable")]
    [InlineData("BusyItems")]
    [InlineData("CutBefore")]
    [InlineData("CutInside")]
    [InlineData("CutAfter")]
    [InlineData("CutInAnswer")]
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
        Assert.Equal(faults.Intersect(["CutAfter", "CutInAnswer"]).Any(), server.Conflicts > 0);
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
        using var port = new ReservedPort();
        await using var sink = Open(port.Url);
        Write(sink, 200);
        await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("wait: ", StringComparison.Ordinal)));

        await using var server = await BulkServer.StartAsync(port.Number);
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
        using var certificate = TestCertificate.Create();
        using var other = TestCertificate.Create();
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
        foreach (var isStream in (bool[])[false, true])
        {
            var mappings = JsonNode.Parse(IndexTemplate.Of(format, "x-*", hasNames, isStream))!["template"]!["mappings"]!;
            Assert.False((bool)mappings["dynamic"]!);
            foreach (var line in MadeRecords.Of(format, hasNames))
            {
                var body = new ArrayBufferWriter<byte>();
                if (isStream)
                    StreamDocument.Write(body, Encoding.UTF8.GetBytes(line));
                else
                    Encoding.UTF8.GetBytes(line, body);
                var document = JsonNode.Parse(body.WrittenSpan)!;
                Assert.Empty(new IndexMapping(mappings).MistakesIn(document));
                Assert.True(!isStream || document["@timestamp"] is JsonValue);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Records_OfEveryFormat_GoIntoADataStreamWithTheirTime(string format, bool hasNames)
    {
        await using var server = await BulkServer.StartAsync();
        await using (var sink = Open(server.Url, format: format))
        {
            foreach (var line in MadeRecords.Of(format, hasNames))
                sink.Write(Encoding.UTF8.GetBytes(line));
        }

        Assert.Equal(["records"], server.DataStreams);
        Assert.Empty(server.Refusals);
        Assert.Empty(server.Mistakes);
        var documents = server.Documents.Values.Select(document => JsonNode.Parse(document)!).ToList();
        Assert.Equal(MadeRecords.Of(format, hasNames).Count, documents.Count);
        // Nothing else is changed, and the time is that of the record.
        var expected = MadeRecords.Of(format, hasNames).Select(line => JsonNode.Parse(line)!).ToList();
        foreach (var document in documents)
        {
            var time = (string)document["@timestamp"]!;
            Assert.StartsWith("2026-01-02T03:04:05.678", time, StringComparison.Ordinal);
            if (format != "ecs")
                document.AsObject().Remove("@timestamp");
            Assert.Contains(expected, record => JsonNode.DeepEquals(record, document));
        }
    }

    [Theory]
    [InlineData("auto", "records", true, "", "records")]
    [InlineData("auto", "records-%{+yyyy}", true, "", "")]
    [InlineData("auto", "records", false, "", "")]
    [InlineData("on", "records", true, "", "records")]
    [InlineData("on", "records", false, "did not take the index template", "")]
    [InlineData("off", "records", true, "", "")]
    public async Task DataStream_IsWhereTheServerAndTheIndexAllowIt(string setting, string index, bool serverHasThem, string logged, string expected)
    {
        await using var server = await BulkServer.StartAsync(hasDataStreams: serverHasThem);
        await using (var sink = Open(server.Url, index, change: options => options with { IsDataStream = setting switch { "on" => true, "off" => false, _ => null } }))
            Write(sink, 10);

        Assert.Equal((10, expected), (server.Documents.Count, string.Join(',', server.DataStreams)));
        Assert.Equal(logged, string.Concat(_log.Lines.Select(line => line.Contains("did not take the index template", StringComparison.Ordinal) ? "did not take the index template" : line)));
    }

    [Fact]
    public async Task DataStream_RefusesWhatARealOneWould()
    {
        await using var server = await BulkServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Url };
        using var template = new StringContent(IndexTemplate.Of("ecs", "stream", hasNames: false, isStream: true));
        (await http.PutAsync(new Uri("_index_template/a", UriKind.Relative), template, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        using var body = new MemoryStream();
        await using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write("""
                {"index":{"_index":"stream","_id":"1"}}
                {"@timestamp":"2026-11-30T10:00:00Z"}
                {"create":{"_index":"stream","_id":"2"}}
                {"message":"no time"}
                {"create":{"_index":"stream","_id":"3"}}
                {"@timestamp":"yesterday"}
                {"create":{"_index":"stream","_id":"4"}}
                {"@timestamp":"2026-11-30T10:00:00Z","client":{"ip":"nobody"}}
                {"create":{"_index":"stream","_id":"5"}}
                {"@timestamp":"2026-11-30T10:00:00Z","client":{"ip":"10.0.0.1"}}

                """u8);
        }

        using var content = new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new("application/x-ndjson"), ContentEncoding = { "gzip" } } };
        (await http.PostAsync(new Uri("_bulk", UriKind.Relative), content, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

        Assert.Equal(
            ["only write ops with an op_type of create are allowed in data streams", "data stream timestamp field [@timestamp] is missing", ".@timestamp: \"yesterday\" is no date_nanos", ".client.ip: \"nobody\" is no ip"],
            server.Refusals);
        Assert.Equal("5", Assert.Single(server.Documents.Keys).Id);
    }

    private LineSink Open(Uri url, string index = "records", int queue = LineSink.DefaultLimit, string format = "ecs", Func<ElasticsearchOutput, ElasticsearchOutput>? change = null)
    {
        var options = new ElasticsearchOutput { Url = url, Index = IndexPattern.Parse(index) };
        var output = (change?.Invoke(options) ?? options).Open(new OutputContext(format, _ => 0, TimeProvider.System, _log));
        return new LineSink(output, queue, TimeProvider.System, _log);
    }

    private static void Write(LineSink sink, int count)
    {
        for (var i = 0; i < count; i++)
            sink.Write(Encoding.UTF8.GetBytes(Document(i)));
    }

    private static string Document(int number) => $$"""{"@timestamp":"2026-11-30T10:00:00Z","number":{{number}},"text":"{{new string('x', 200)}} ä"}""" + "\n";

    private static IEnumerable<string> Expected(int count) => Enumerable.Range(0, count).Select(i => Document(i).TrimEnd('\n')).Order(StringComparer.Ordinal);
}
