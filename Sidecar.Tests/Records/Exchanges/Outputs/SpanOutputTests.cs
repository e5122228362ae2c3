using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Chassis.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Processes;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

/// <summary>Spans for a collector, checked against OTLP's official definitions.</summary>
[SystemTest]
public sealed class SpanOutputTests : IAsyncLifetime
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly string Tools = Path.Combine(Repository.Root, "Sidecar.Tests", "Records", "Exchanges", "Outputs", "otlp");

    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<(int Status, string Body)> _answers = new();
    private WebApplication _collector = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _collector = builder.Build();
        _collector.MapPost("/v1/traces", TakeAsync);
        await _collector.StartAsync();
    }

    public ValueTask DisposeAsync() => _collector.DisposeAsync();

    [Fact]
    public async Task Spans_FitTheOfficialDefinitions()
    {
        RootTools.RequirePrograms("node", "npm");
        (await ShortCommand.ResultAsync(new ProcessCommand("npm", "npm", "ci", "--prefix", Tools, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"), TimeSpan.FromMinutes(3), cancellation: TestContext.Current.CancellationToken)).Well("npm ci");
        var call = Completed(Request("POST", "/pkg.Shop/Buy", ("content-type", "application/grpc"), ("User-Agent", "grpc \"1\"")), Response(200));
        call.Grpc = new GrpcCall { Status = 13 };
        await using (var sink = Open())
        {
            foreach (var exchange in new[] { Of("/a?token=secret&b=\u00e4\u0001"), call, Completed(Request("PURR", "*", ("traceparent", Trace), ("tracestate", "a=b,c=d")), null, ExchangeOutcome.ServerReset) })
                Write(sink, exchange);
        }

        var check = new ProcessCommand("check", "node", Path.Combine(Tools, "check.mjs"));
        Assert.Equal("", (await ShortCommand.ResultAsync(check, TimeSpan.FromMinutes(1), string.Join('\n', _requests), TestContext.Current.CancellationToken)).Well("check.mjs"));
        Assert.DoesNotContain("secret", string.Concat(_requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Span_OfARequestWithATrace_IsAChildInIt()
    {
        await using (var sink = Open())
            Write(sink, Completed(Request("GET", "/a", ("traceparent", Trace), ("tracestate", "vendor=1")), Response(503)));

        var span = Assert.Single(Spans());
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=1", "GET"), (Text(span, "traceId"), Text(span, "parentSpanId"), Text(span, "traceState"), Text(span, "name")));
        Assert.Matches("^[0-9a-f]{16}$", Text(span, "spanId"));
        Assert.Equal(2, span.GetProperty("status").GetProperty("code").GetInt32());
        var attributes = span.GetProperty("attributes").EnumerateArray().ToDictionary(a => Text(a, "key"), a => a.GetProperty("value").EnumerateObject().Single().Value.ToString());
        Assert.Equal(("GET", "503", "503", "/a", "10.1.2.3", "completed"), (attributes["http.request.method"], attributes["http.response.status_code"], attributes["error.type"], attributes["url.path"], attributes["client.address"], attributes["sidecar.outcome"]));
        Assert.Equal(10_000, long.Parse(Text(span, "endTimeUnixNano")) - long.Parse(Text(span, "startTimeUnixNano")));
    }

    [Fact]
    public async Task Spans_WithoutATrace_HaveTracesOfTheirOwn()
    {
        await using (var sink = Open())
        {
            for (var i = 0; i < 100; i++)
                Write(sink, Of($"/{i}"));
        }

        var spans = Spans();
        Assert.Equal((100, 100, 100), (spans.Count, spans.Select(span => Text(span, "traceId")).Distinct().Count(), spans.Select(span => Text(span, "spanId")).Distinct().Count()));
        Assert.All(spans, span => Assert.Matches("^[0-9a-f]{32}$", Text(span, "traceId")));
        Assert.All(spans, span => Assert.False(span.TryGetProperty("parentSpanId", out _)));
        Assert.Equal("shop", JsonDocument.Parse(_requests.First()).RootElement.GetProperty("resourceSpans")[0].GetProperty("resource").GetProperty("attributes")[0].GetProperty("value").GetProperty("stringValue").GetString());
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(404)]
    public async Task Collector_ThatHasNoRoom_GetsThemLater(int status)
    {
        _answers.Enqueue((status, ""));
        await using var sink = Open();
        Write(sink, Of());

        await Eventually.TrueAsync(() => sink.Sent == 1);
        Assert.Equal(2, _requests.Count);
        Assert.Equal((0L, 2), (sink.Dropped, _log.Lines.Count));
    }

    [Theory]
    [InlineData(400, "", 2)]
    [InlineData(200, """{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}""", 1)]
    [InlineData(200, """{"partialSuccess":{}}""", 0)]
    [InlineData(200, "no JSON", 0)]
    public async Task Collector_ThatRefuses_HasThemCounted(int status, string body, int dropped)
    {
        _answers.Enqueue((status, body));
        LineSink sink;
        await using (sink = Open())
        {
            Write(sink, Of("/1"));
            Write(sink, Of("/2"));
        }

        Assert.Equal((1, (long)dropped), (_requests.Count, sink.Dropped));
    }

    private async Task TakeAsync(HttpContext http)
    {
        Assert.Equal(("application/json", "gzip", "Bearer t"), (http.Request.ContentType, http.Request.Headers.ContentEncoding.ToString(), http.Request.Headers.Authorization.ToString()));
        await using var gzip = new GZipStream(http.Request.Body, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        _requests.Enqueue(await reader.ReadToEndAsync());
        var (status, body) = _answers.TryDequeue(out var answer) ? answer : (200, "{}");
        http.Response.StatusCode = status;
        await http.Response.WriteAsync(body);
    }

    private OtlpOutput Output() => new() { Url = new Uri(_collector.Urls.Single()), Token = "t", Service = "shop" };

    private LineSink Open() => new(Output().Open(new OutputContext("otel", _ => 0, TimeProvider.System, _log)), LineSink.DefaultLimit, TimeProvider.System, _log);

    private void Write(LineSink sink, Exchange exchange)
    {
        var format = RecordFormats.Create(new ExchangeRecordOptions { Format = "otel", Output = Output() }, new WallClock(new ManualTimeProvider()));
        sink.Write(Encoding.UTF8.GetBytes(Written(format, exchange, Origin("10.1.2.3:4", transform: "(xor 1)"))));
    }

    private List<JsonElement> Spans() =>
        [.. _requests.SelectMany(request => JsonDocument.Parse(request).RootElement.GetProperty("resourceSpans")[0].GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray())];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
