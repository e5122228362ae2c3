using System.Text.Json;
using Sidecar.Observation;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Tests.Observation;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Formats;

/// <summary>What each format makes of the same exchange, and that docs/records.md shows it so.</summary>
public sealed class FormatTests
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    public static TheoryData<string> Names => [.. RecordFormats.Names];

    private static (string, string)[] RequestFields =>
    [
        ("Host", "shop"), ("User-Agent", "curl/8"), ("X-Request-Id", "r-1"), ("X-Forwarded-For", "10.9.8.7"), ("Cookie", "a=b"), ("X", "1"), ("x", "2"), ("traceparent", Trace),
    ];

    [Theory]
    [InlineData("perisco-v2", """
        {"ts":"2026-01-02T03:04:05.678000000Z","pid":17,"ip":{"client":"10.1.2.3","server":"10.0.0.1","ipVersion":"IPv4"},"l4":{"TCP":{"clientPort":4711,"serverPort":9000}},
        "l7":{"latencyNs":"2000","request":{"http":{"protocol":"HTTP/1.1","method":"GET","url":"/a?token=***\u0026b=2","headers":[{"key":"Host","value":"shop"},{"key":"User-Agent","value":"curl/8"},
        {"key":"X-Request-Id","value":"r-1"},{"key":"X-Forwarded-For","value":"10.9.8.7"},{"key":"Cookie","value":"***"},{"key":"X","value":"1"},{"key":"x","value":"2"},
        {"key":"traceparent","value":"TRACE"}]}},"response":{"http":{"protocol":"HTTP/1.1","code":503,"headers":[{"key":"Content-Type","value":"text/html"}]}}},
        "ext":{"conn_id":"abc-1","role":"inbound","transform":"(xor 42)","outcome":"completed","duration_ns":10000,"request_bytes":120,"response_bytes":3400}}
        """)]
    [InlineData("otel", """
        {"timestamp":"2026-01-02T03:04:05.678000000Z","duration_ns":10000,"latency_ns":2000,"attributes":{"client.address":"10.1.2.3","client.port":4711,"server.address":"10.0.0.1","server.port":9000,
        "network.transport":"tcp","network.type":"ipv4","process.pid":17,"http.request.method":"GET","url.scheme":"http","network.protocol.name":"http","network.protocol.version":"1.1",
        "http.request.size":120,"http.response.size":3400,"http.response.status_code":503,"error.type":"503","sidecar.connection.id":"abc-1","sidecar.role":"inbound","sidecar.transform":"(xor 42)",
        "sidecar.outcome":"completed","url.path":"/a","url.query":"token=***\u0026b=2","user_agent.original":"curl/8","http.request.header.host":["shop"],"http.request.header.user-agent":["curl/8"],
        "http.request.header.x-request-id":["r-1"],"http.request.header.x-forwarded-for":["10.9.8.7"],"http.request.header.cookie":["***"],"http.request.header.x":["1","2"],
        "http.request.header.traceparent":["TRACE"],"http.response.header.content-type":["text/html"]},
        "trace_id":"0af7651916cd43dd8448eb211c80319c","parent_span_id":"b7ad6b7169203331"}
        """)]
    [InlineData("ecs", """
        {"@timestamp":"2026-01-02T03:04:05.678000000Z","client":{"ip":"10.1.2.3","port":4711},"server":{"ip":"10.0.0.1","port":9000},"network":{"transport":"tcp","protocol":"http","type":"ipv4"},
        "process":{"pid":17},"ecs":{"version":"8.17.0"},"event":{"kind":"event","category":["web"],"type":["access"],"dataset":"sidecar.exchange","outcome":"failure","duration":10000},
        "labels":{"connection_id":"abc-1","role":"inbound","transform":"(xor 42)","outcome":"completed"},"url":{"original":"/a?token=***\u0026b=2","path":"/a","query":"token=***\u0026b=2"},
        "http":{"version":"1.1","request":{"bytes":120,"method":"GET","id":"r-1","headers":{"host":["shop"],"user-agent":["curl/8"],"x-request-id":["r-1"],"x-forwarded-for":["10.9.8.7"],
        "cookie":["***"],"x":["1","2"],"traceparent":["TRACE"]}},"response":{"bytes":3400,"status_code":503,"mime_type":"text/html","headers":{"content-type":["text/html"]}}},
        "user_agent":{"original":"curl/8"},"trace":{"id":"0af7651916cd43dd8448eb211c80319c"},"parent":{"id":"b7ad6b7169203331"}}
        """)]
    [InlineData("envoy", """
        {"start_time":"2026-01-02T03:04:05.678Z","downstream_remote_address":"10.1.2.3:4711","upstream_host":"10.0.0.1:9000","protocol":"HTTP/1.1","response_code":503,"response_flags":"-",
        "bytes_received":120,"bytes_sent":3400,"duration":0,"upstream_service_time":"0","connection_id":"abc-1","role":"inbound","method":"GET","path":"/a?token=***\u0026b=2","authority":"shop",
        "user_agent":"curl/8","request_id":"r-1","x_forwarded_for":"10.9.8.7"}
        """)]
    public void Write_AnExchange_HasTheFieldsOfTheFormat(string name, string expected)
    {
        var exchange = Completed(Request("GET", "/a?token=abc&b=2", RequestFields), Response(503, ("Content-Type", "text/html")));
        (exchange.RequestBytes, exchange.ResponseBytes) = (120, 3400);

        var line = Written(name, exchange);

        Assert.Equal(Json(expected.Replace("TRACE", Trace, StringComparison.Ordinal)), Json(line));
        Assert.Equal('\n', line[^1]);
        Assert.Single(line, '\n');
    }

    [Theory]
    [InlineData("perisco-v2", "ext.grpc_status", "5")]
    [InlineData("otel", "attributes.rpc.system.name", "grpc")]
    [InlineData("otel", "attributes.rpc.method", "pkg.Shop/Buy")]
    [InlineData("otel", "attributes.rpc.response.status_code", "NOT_FOUND")]
    [InlineData("otel", "attributes.sidecar.grpc.message", "no such thing")]
    [InlineData("ecs", "labels.grpc_status", "NOT_FOUND")]
    [InlineData("ecs", "event.outcome", "failure")]
    [InlineData("envoy", "grpc_status", "NOT_FOUND")]
    public void Write_AGrpcCall_HasItsStatus(string name, string field, string expected)
    {
        var exchange = Completed(Request("POST", "/pkg.Shop/Buy", ("content-type", "application/grpc")), Response(200));
        exchange.Grpc = new GrpcCall { Status = 5, RequestMessages = 1, ResponseMessages = 0 };
        exchange.Trailers = With(new MessageHeads(1024, Unshared.Account()).Rent(), ("grpc-status", "5"), ("grpc-message", "no%20such%20thing"));

        Assert.Equal(expected, Flat(Parse(Written(name, exchange)))[field]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_WithoutAResponse_IsARecordOfTheRequest(string name)
    {
        var line = Written(name, Completed(Request("BREW", "*"), null, ExchangeOutcome.ServerReset));

        Assert.DoesNotContain("latency", line, StringComparison.Ordinal);
        Assert.Contains("BREW", line, StringComparison.Ordinal);
        Assert.Contains(name == "envoy" ? "\"UC\"" : "server_reset", line, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_WithoutTheSidecarsOwn_HasNoneOfIt(string name)
    {
        var line = MadeExchanges.Written(Format(name, Text(ext: false)), Completed(Request("GET", "/"), Response(200)), Origin(transform: "(xor 42)"));

        Assert.All(["abc-1", "xor", "inbound", "sidecar.connection"], own => Assert.DoesNotContain(own, line, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_FieldsThatAreDenied_AreNowhere(string name)
    {
        var text = Text(new HeaderRules(null, ["User-Agent", "traceparent", "X-Request-Id", "Content-Type"], []));
        var line = MadeExchanges.Written(Format(name, text), Completed(Request("GET", "/", RequestFields), Response(200, ("Content-Type", "text/html"))));

        Assert.All(["curl/8", "0af7651916cd43dd8448eb211c80319c", "r-1", "text/html"], value => Assert.DoesNotContain(value, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more")]
    [InlineData("")]
    public void Write_AnInvalidTrace_IsNone(string trace) =>
        Assert.DoesNotContain("trace_id", Written("otel", Completed(Request("GET", "/", ("traceparent", trace)), Response(200))), StringComparison.Ordinal);

    [Fact]
    public void Write_ALaterVersionOfTraceContext_HasItsTrace() =>
        Assert.Contains("\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\"", Written("otel", Completed(Request("GET", "/", ("Traceparent", "01" + Trace[2..] + "-new")), Response(200))), StringComparison.Ordinal);

    [Fact]
    public void Write_ManyFields_EachOnceWithAllItsValues()
    {
        var random = new Random(16);
        for (var round = 0; round < 200; round++)
        {
            var fields = Enumerable.Range(0, random.Next(300)).Select(i => (Name: $"{"aAbBcC"[random.Next(6)]}{random.Next(round + 1)}", Value: $"{i}")).ToArray();
            var attributes = Parse(Written("otel", Completed(Request("GET", "/", fields), null))).GetProperty("attributes");

            var expected = fields.GroupBy(field => field.Name.ToLowerInvariant()).Select(group => $"http.request.header.{group.Key}: {string.Join(',', group.Select(field => field.Value))}");
            var actual = attributes.EnumerateObject().Where(attribute => attribute.Name.StartsWith("http.request.header.", StringComparison.Ordinal))
                .Select(attribute => $"{attribute.Name}: {string.Join(',', attribute.Value.EnumerateArray().Select(value => value.GetString()))}");
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Document_ShowsTheFieldsOfEveryFormat()
    {
        var exchange = Completed(Request("POST", "/pkg.Shop/Buy?a=b", RequestFields), Response(503, ("Content-Type", "text/html")), ExchangeOutcome.ServerReset);
        exchange.Grpc = new GrpcCall { Status = 13 };
        var table = File.ReadLines(Path.Combine(Repository.Root, "docs", "records.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]).ToList();
        var head = table.FindIndex(cells => cells[0] == "meaning");
        var rows = table.Skip(head + 1).TakeWhile(cells => cells.Length == table[head].Length).ToList();
        foreach (var name in RecordFormats.Names)
        {
            var column = Array.IndexOf(table[head], $"`{name}`");
            var shown = rows.SelectMany(cells => cells[column].Split(", ")).Where(cell => cell.StartsWith('`')).Select(cell => cell.Trim('`')).ToHashSet();
            var written = Flat(Parse(Written(name, exchange))).Keys.Select(Generic).ToHashSet();
            Assert.Equal(written.Order(StringComparer.Ordinal), shown.Where(written.Contains).Order(StringComparer.Ordinal));
        }

        // Names of fields are the peers' choice; lists of them have one line.
        static string Generic(string key) => key switch
        {
            _ when key.StartsWith("attributes.http.request.header.", StringComparison.Ordinal) => "attributes.http.request.header.NAME",
            _ when key.StartsWith("attributes.http.response.header.", StringComparison.Ordinal) => "attributes.http.response.header.NAME",
            _ when key.StartsWith("http.request.headers.", StringComparison.Ordinal) => "http.request.headers.NAME",
            _ when key.StartsWith("http.response.headers.", StringComparison.Ordinal) => "http.response.headers.NAME",
            _ => key,
        };
    }

    private static string Written(string name, Exchange exchange)
    {
        var process = new LocalProcess(isPending: true);
        process.Found(17);
        return MadeExchanges.Written(Format(name, Text(time: new ManualTimeProvider())), exchange, Origin("10.1.2.3:4711", "10.0.0.1:9000", process, "(xor 42)"));
    }

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;

    private static string Json(string text) => JsonSerializer.Serialize(JsonDocument.Parse(text).RootElement);

    private static Dictionary<string, string> Flat(JsonElement element, string path = "")
    {
        var all = new Dictionary<string, string>();
        Add(element, path);
        return all;

        void Add(JsonElement at, string key)
        {
            if (at.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in at.EnumerateObject())
                    Add(property.Value, key.Length == 0 ? property.Name : $"{key}.{property.Name}");
            }
            else if (at.ValueKind == JsonValueKind.Array && at.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first)
            {
                Add(first, key);
            }
            else
            {
                all[key] = at.ToString();
            }
        }
    }
}
