using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Chassis.Records;
using Microsoft.Extensions.Logging;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Sidecar.Records.Exchanges.Outputs.Otlp;
using Sidecar.Tests.Observation;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

/// <summary>Spans and log records for a collector by all protocols, checked against OTLP's official definitions: each arrives once, or is counted.</summary>
[SystemTest]
public sealed class OtlpOutputTests : IDisposable
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Mark = "/item/";

    // Of texts around those with a length of one byte, two and three.
    private static readonly int[] Lengths = [127, 128, 200, 16383, 16384];

    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<OtlpProtocol> Protocols => [.. Enum.GetValues<OtlpProtocol>()];

    [Theory]
    [InlineData("traces")]
    [InlineData("logs")]
    public async Task Records_AreTheSameByEveryProtocol_AndFitTheDefinitions(string signal)
    {
        var call = Completed(Request("POST", "/pkg.Shop/Buy", ("content-type", "application/grpc"), ("User-Agent", "grpc \"1\"")), Response(200));
        call.Grpc = new GrpcCall { Status = 13 };
        call.Trailers = With(new MessageHeads(1024, Unshared.Account()).Rent(), ("grpc-message", "no%20stock"));
        Exchange[] exchanges =
        [
            Of("/a?token=secret&b=\u00e4\u0001\"\\"),
            call,
            Completed(Request("PURR", "*", ("traceparent", Trace), ("tracestate", "a=b"), ("tracestate", "c=\"d\\")), null, ExchangeOutcome.ServerReset),
            Completed(Request("GET", "/", ("Accept", "a"), ("accept", "b"), ("X-\u00ff", "\u00ff\u00c3\u00a4"), ("Cookie", "secret")), Response(404, ("Content-Type", "text/html"))),
            .. Lengths.Select(length => Of("/" + new string('x', length))),
        ];
        var lines = string.Concat(exchanges.Select(exchange => Line(exchange, signal, maxLine: 1024 * 1024)));
        var decoded = new List<string>();
        foreach (var protocol in Enum.GetValues<OtlpProtocol>())
        {
            await using var collector = await OtlpCollector.StartAsync(protocol);
            await using (var sink = Open(collector, protocol, signal))
            {
                foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    sink.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }

            Assert.Empty(collector.Mistakes);
            Assert.Equal(["Bearer t"], collector.Authorizations);
            Assert.All(collector.Taken, request => Assert.Equal(signal, request.Signal));
            decoded.Add(string.Join('\n', await OtlpDefinitions.DecodeAsync(collector.Taken)));
        }

        Assert.Single(decoded.Distinct());
        Assert.Equal(exchanges.Length, Records(JsonDocument.Parse(decoded[0]).RootElement).Count);
        Assert.DoesNotContain("secret", decoded[0], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Span_OfARequestWithATrace_IsAChildInIt(OtlpProtocol protocol)
    {
        var span = await OneAsync(protocol, "traces", Completed(Request("GET", "/a", ("traceparent", Trace), ("tracestate", "vendor=1")), Response(503)));

        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=1", "GET"), (Text(span, "traceId"), Text(span, "parentSpanId"), Text(span, "traceState"), Text(span, "name")));
        Assert.Matches("^[0-9a-f]{16}$", Text(span, "spanId"));
        // SPAN_KIND_SERVER, STATUS_CODE_ERROR; sampled, with a parent that is known to be remote.
        Assert.Equal((2, 2, 0x301), (span.GetProperty("kind").GetInt32(), span.GetProperty("status").GetProperty("code").GetInt32(), span.GetProperty("flags").GetInt32()));
        var attributes = Attributes(span);
        Assert.Equal(("GET", "503", "503", "/a", "10.1.2.3", "completed"), (attributes["http.request.method"], attributes["http.response.status_code"], attributes["error.type"], attributes["url.path"], attributes["client.address"], attributes["sidecar.outcome"]));
        Assert.Equal(10_000, long.Parse(Text(span, "endTimeUnixNano")) - long.Parse(Text(span, "startTimeUnixNano")));
        Assert.DoesNotContain(attributes.Keys, key => key.StartsWith("http.request.header.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, 9, "INFO", "GET /a?b=c 200")]
    [InlineData(404, 13, "WARN", "GET /a?b=c 404")]
    [InlineData(503, 17, "ERROR", "GET /a?b=c 503")]
    [InlineData(0, 17, "ERROR", "GET /a?b=c server_reset")]
    public async Task Log_OfARequestWithATrace_IsInItWithItsSeverityAndHeads(int status, int severity, string word, string body)
    {
        var exchange = Completed(
            Request("GET", "/a?b=c", ("traceparent", Trace), ("X-A", "1"), ("x-a", "2"), ("Authorization", "Basic x")), status == 0 ? null : Response(status, ("Server", "s")),
            status == 0 ? ExchangeOutcome.ServerReset : ExchangeOutcome.Completed);
        var log = await OneAsync(OtlpProtocol.HttpProtobuf, "logs", exchange);

        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1), (Text(log, "traceId"), Text(log, "spanId"), log.GetProperty("flags").GetInt32()));
        Assert.Equal((severity, word, "sidecar.exchange", body), (log.GetProperty("severityNumber").GetInt32(), Text(log, "severityText"), Text(log, "eventName"), Text(log.GetProperty("body"), "stringValue")));
        Assert.Equal(10_000, long.Parse(Text(log, "observedTimeUnixNano")) - long.Parse(Text(log, "timeUnixNano")));
        var attributes = Attributes(log);
        Assert.Equal(("1,2", "***", "/a", "b=c"), (attributes["http.request.header.x-a"], attributes["http.request.header.authorization"], attributes["url.path"], attributes["url.query"]));
        Assert.Equal(status == 0 ? null : "s", attributes.GetValueOrDefault("http.response.header.server"));
    }

    [Theory]
    [InlineData("otel", "traces")]
    [InlineData("otel", "logs")]
    public void Record_HasTheAttributesOfTheFormatOtel(string format, string signal)
    {
        var exchange = Completed(Request("BREW", "/pkg.Shop/Buy?a=b", ("User-Agent", "u"), ("traceparent", Trace)), Response(503, ("Server", "s")));
        exchange.Grpc = new GrpcCall { Status = 13 };
        exchange.Trailers = With(new MessageHeads(1024, Unshared.Account()).Rent(), ("grpc-message", "no"));
        var expected = JsonDocument.Parse(Written(Format(format, MadeExchanges.Text()), exchange, Origin(transform: "(xor 1)"))).RootElement.GetProperty("attributes").EnumerateObject()
            .Where(attribute => signal == "logs" || !attribute.Name.Contains(".header.", StringComparison.Ordinal))
            .ToDictionary(attribute => attribute.Name, attribute => attribute.Value.ValueKind == JsonValueKind.Array ? string.Join(',', attribute.Value.EnumerateArray()) : attribute.Value.ToString());
        var actual = Attributes(JsonDocument.Parse(Written(Format(SignalOf(signal).Format, MadeExchanges.Text()), exchange, Origin(transform: "(xor 1)"))).RootElement);

        Assert.Equal(expected.OrderBy(a => a.Key, StringComparer.Ordinal), actual.Where(a => !a.Key.EndsWith("_ns", StringComparison.Ordinal)).OrderBy(a => a.Key, StringComparer.Ordinal));
        Assert.Equal(signal == "logs" ? ["sidecar.duration_ns", "sidecar.latency_ns"] : [], actual.Keys.Except(expected.Keys).Order());
    }

    [Fact]
    public async Task Spans_WithoutATrace_HaveTracesOfTheirOwn_OfTheService()
    {
        await using var collector = await OtlpCollector.StartAsync(OtlpProtocol.HttpProtobuf);
        await using (var sink = Open(collector, OtlpProtocol.HttpProtobuf))
            Write(sink, 100);

        var requests = await OtlpDefinitions.DecodeAsync(collector.Taken);
        var spans = requests.SelectMany(Records).ToList();
        Assert.Equal((100, 100, 100), (spans.Count, spans.Select(span => Text(span, "traceId")).Distinct().Count(), spans.Select(span => Text(span, "spanId")).Distinct().Count()));
        Assert.All(spans, span => Assert.Equal((false, false, 0x101), (span.TryGetProperty("parentSpanId", out _), span.TryGetProperty("traceState", out _), span.GetProperty("flags").GetInt32())));
        var resource = Attributes(requests[0].GetProperty("resourceSpans")[0].GetProperty("resource"));
        Assert.Equal(("shop", Environment.MachineName), (resource["service.name"], resource["host.name"]));
        Assert.Matches("^[0-9]+[.]", resource["service.version"]);
        Assert.True(Guid.TryParse(resource["service.instance.id"], out _));
    }

    public static TheoryData<OtlpProtocol, string> PassingFaults
    {
        get
        {
            var data = new TheoryData<OtlpProtocol, string>();
            foreach (var fault in new[] { "429", "429 0", "502", "503 0", "504", "404", "401", "503,429 0,502" })
            {
                data.Add(OtlpProtocol.HttpProtobuf, fault);
                data.Add(OtlpProtocol.HttpJson, fault);
            }

            foreach (var fault in new[] { "Cancelled", "DeadlineExceeded", "Aborted", "OutOfRange", "Unavailable", "DataLoss", "ResourceExhausted 0", "Unavailable 0,ResourceExhausted 0,Aborted" })
                data.Add(OtlpProtocol.Grpc, fault);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task Records_ComeThroughEveryPassingFault_Once(OtlpProtocol protocol, string faults)
    {
        const int count = 500;
        await using var collector = await OtlpCollector.StartAsync(protocol);
        foreach (var fault in faults.Split(','))
            collector.Faults.Enqueue(CollectorFault.Parse(fault));
        LineSink sink;
        await using (sink = Open(collector, protocol))
        {
            Write(sink, count);
            await Eventually.TrueAsync(() => sink.Sent == count, () => $"{sink.Sent} of {count}; {string.Join('\n', _log.Lines)}");
        }

        Assert.Equal(Enumerable.Range(0, count), collector.Numbers(Mark).Order());
        Assert.Equal(0, sink.Dropped);
        Assert.Empty(collector.Mistakes);
        // One line when it begins, one when it is over.
        Assert.Collection(_log.Lines, line => Assert.Contains("wait: ", line, StringComparison.Ordinal), line => Assert.Contains("again", line, StringComparison.Ordinal));
        Assert.Contains("for a test", _log.Lines.First(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Records_WithoutAnAnswer_ComeAgain(OtlpProtocol protocol)
    {
        const int count = 200;
        await using var collector = await OtlpCollector.StartAsync(protocol);
        collector.Faults.Enqueue(CollectorFault.Cut);
        await using (var sink = Open(collector, protocol))
        {
            Write(sink, count);
            await Eventually.TrueAsync(() => sink.Sent == count, () => $"{sink.Sent} of {count}; {string.Join('\n', _log.Lines)}");
            Assert.Equal(0, sink.Dropped);
        }

        // The collector cannot tell that it had them already.
        Assert.Equal(Enumerable.Range(0, count), collector.Numbers(Mark).Distinct().Order());
        Assert.InRange(collector.Numbers(Mark).Count, count + 1, 2 * count);
    }

    public static TheoryData<OtlpProtocol, string, int> LastingFaults
    {
        get
        {
            var data = new TheoryData<OtlpProtocol, string, int>();
            foreach (var fault in new[] { "400", "500" })
            {
                data.Add(OtlpProtocol.HttpProtobuf, fault, 2);
                data.Add(OtlpProtocol.HttpJson, fault, 2);
            }

            foreach (var fault in new[] { "InvalidArgument", "ResourceExhausted", "Internal", "Unimplemented", "Unauthenticated" })
                data.Add(OtlpProtocol.Grpc, fault, 2);
            foreach (var protocol in Enum.GetValues<OtlpProtocol>())
            {
                data.Add(protocol, "rejected 0", 0);
                data.Add(protocol, "rejected 1", 1);
                data.Add(protocol, "rejected 99", 2);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(LastingFaults))]
    public async Task Collector_ThatRefuses_HasThemCounted(OtlpProtocol protocol, string fault, int dropped)
    {
        await using var collector = await OtlpCollector.StartAsync(protocol);
        collector.Faults.Enqueue(CollectorFault.Parse(fault));
        LineSink sink;
        await using (sink = Open(collector, protocol))
            Write(sink, 2);

        Assert.Equal((1, (long)dropped, 2L - dropped), (collector.Requests.Count, sink.Dropped, sink.Sent));
        Assert.Equal(dropped == 0 ? 0 : 1, _log.Lines.Count(line => line.Contains("has refused", StringComparison.Ordinal) && line.Contains("for a test", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Collector_ThatAsksForTime_HasIt(OtlpProtocol protocol)
    {
        var wait = TimeSpan.FromSeconds(1);
        await using var collector = await OtlpCollector.StartAsync(protocol);
        collector.Faults.Enqueue(CollectorFault.Parse(protocol == OtlpProtocol.Grpc ? "ResourceExhausted 1" : "429 1"));
        await using var sink = Open(collector, protocol);
        Write(sink, 1);
        await Eventually.TrueAsync(() => collector.Requests.Count == 1);
        var watch = Stopwatch.StartNew();

        await Eventually.TrueAsync(() => sink.Sent == 1);

        // The first answer was on its way when the watch began.
        Assert.InRange(watch.Elapsed, wait * 0.9, TimeSpan.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Collector_ThatComesLater_GetsAll(OtlpProtocol protocol)
    {
        // Bound and not listening: connections are refused, and no other test gets the port.
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)reserved.LocalEndPoint!).Port;
        await using var sink = Open(new Uri($"http://127.0.0.1:{port}"), protocol);
        Write(sink, 200);
        await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("wait: ", StringComparison.Ordinal)));

        await using var collector = await OtlpCollector.StartAsync(protocol, port);
        await Eventually.TrueAsync(() => sink.Sent == 200);

        Assert.Equal(Enumerable.Range(0, 200), collector.Numbers(Mark).Order());
        Assert.Equal(2, _log.Lines.Count);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Overflow_DropsTheOldestAndCountsToTheRecord(OtlpProtocol protocol)
    {
        const int limit = 2 * 1024 * 1024;
        const int count = 10_000;
        await using var collector = await OtlpCollector.StartAsync(protocol);
        collector.Hangs = true;
        LineSink sink;
        await using (sink = Open(collector, protocol, queue: limit))
        {
            Write(sink, count);
            Assert.True(sink.Dropped > 0);
            Assert.InRange(sink.Held, 0, limit);
            collector.Hangs = false;
            await Eventually.TrueAsync(() => sink.Sent + sink.Dropped == count, () => $"{sink.Sent} + {sink.Dropped}");
        }

        var numbers = collector.Numbers(Mark);
        Assert.Equal((count, count - 1), (numbers.Count + (int)sink.Dropped, numbers.Max()));
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Collector_ThatNeverAnswers_DelaysTheEndByTheFlushAlone(OtlpProtocol protocol)
    {
        await using var collector = await OtlpCollector.StartAsync(protocol);
        collector.Hangs = true;
        var sink = Open(collector, protocol);
        Write(sink, 10);
        await Eventually.TrueAsync(() => !collector.Authorizations.IsEmpty);

        await sink.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(() => sink.Dropped == 10);
        Assert.Equal(0, sink.Sent);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Collector_WithTls_IsTrustedByItsAuthorityAlone(OtlpProtocol protocol)
    {
        using var certificate = TestCertificate.Create();
        var file = _folder.Write("ca.pem", certificate.ExportCertificatePem());
        await using var collector = await OtlpCollector.StartAsync(protocol, certificate: certificate);
        await using (var sink = Open(collector.Url, protocol, change: options => options with { CaFile = file }))
        {
            Write(sink, 10);
            await Eventually.TrueAsync(() => sink.Sent == 10, () => string.Join('\n', _log.Lines));
        }

        Assert.Empty(_log.Lines);
        await using var distrusting = Open(collector.Url, protocol);
        Write(distrusting, 10);
        await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("wait: ", StringComparison.Ordinal)));
        Assert.Equal(0, distrusting.Sent);
    }

    [Theory]
    [InlineData(OtlpProtocol.Grpc, OtlpProtocol.HttpProtobuf)]
    [InlineData(OtlpProtocol.HttpProtobuf, OtlpProtocol.Grpc)]
    public async Task Collector_OfAnotherProtocol_TakesNothingAndIsNamed(OtlpProtocol spoken, OtlpProtocol understood)
    {
        await using var collector = await OtlpCollector.StartAsync(understood);
        await using var sink = Open(collector, spoken);
        Write(sink, 10);

        await Eventually.TrueAsync(() => _log.Lines.Count > 0);
        Assert.Contains(collector.Url.AbsoluteUri.TrimEnd('/'), _log.Lines.First(), StringComparison.Ordinal);
        Assert.Equal(0, sink.Sent);
    }

    private async Task<JsonElement> OneAsync(OtlpProtocol protocol, string signal, Exchange exchange)
    {
        await using var collector = await OtlpCollector.StartAsync(protocol);
        await using (var sink = Open(collector, protocol, signal))
            sink.Write(Encoding.UTF8.GetBytes(Line(exchange, signal)));
        return Assert.Single(Records(Assert.Single(await OtlpDefinitions.DecodeAsync(collector.Taken))));
    }

    private static OtlpSignal SignalOf(string word) => word == "logs" ? OtlpSignal.Logs : OtlpSignal.Traces;

    private static string Line(Exchange exchange, string signal, int maxLine = ExchangeRecordOptions.DefaultMaxLine)
    {
        var options = new ExchangeRecordOptions { Format = "otel", MaxLine = maxLine, Output = new OtlpOutput { Url = new Uri("http://none"), Signal = SignalOf(signal) } };
        return Written(RecordFormats.Create(options, new WallClock(new ManualTimeProvider())), exchange, Origin("10.1.2.3:4", transform: "(xor 1)"));
    }

    private LineSink Open(OtlpCollector collector, OtlpProtocol protocol, string signal = "traces", int queue = LineSink.DefaultLimit) =>
        Open(collector.Url, protocol, signal, queue);

    private LineSink Open(Uri url, OtlpProtocol protocol, string signal = "traces", int queue = LineSink.DefaultLimit, Func<OtlpOutput, OtlpOutput>? change = null)
    {
        var options = new OtlpOutput { Url = url, Protocol = protocol, Signal = SignalOf(signal), Token = "t", Service = "shop" };
        return new LineSink((change?.Invoke(options) ?? options).Open(new OutputContext("otel", _ => 0, TimeProvider.System, _log)), queue, TimeProvider.System, _log);
    }

    private static void Write(LineSink sink, int count)
    {
        for (var i = 0; i < count; i++)
            sink.Write(Encoding.UTF8.GetBytes(Line(Of($"{Mark}{i}"), "traces")));
    }

    private static List<JsonElement> Records(JsonElement request) =>
        request.TryGetProperty("resourceSpans", out var spans)
            ? [.. spans[0].GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray()]
            : [.. request.GetProperty("resourceLogs")[0].GetProperty("scopeLogs")[0].GetProperty("logRecords").EnumerateArray()];

    private static Dictionary<string, string> Attributes(JsonElement record) =>
        record.GetProperty("attributes").EnumerateArray().ToDictionary(attribute => Text(attribute, "key"), attribute => ValueOf(attribute.GetProperty("value")));

    private static string ValueOf(JsonElement value) => value.EnumerateObject().Single() is { Name: "arrayValue" } array
        ? string.Join(',', array.Value.GetProperty("values").EnumerateArray().Select(ValueOf))
        : value.EnumerateObject().Single().Value.ToString();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
