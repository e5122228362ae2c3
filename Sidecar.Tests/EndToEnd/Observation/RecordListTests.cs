using System.Net;
using System.Text.Json;
using Processes;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>A list of records in a running sidecar: each entry has exactly its exchanges, whatever becomes of the others.</summary>
public sealed class RecordListTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Entries_WithFiltersOfTheirOwn_HaveExactlyTheirRecordsOnceTheProcessHasEnded(string transport)
    {
        await using var nginx = await Programs.NginxAsync();
        await using (var sidecar = await RunningSidecar.StartAsync("--transport", transport, "--config", Config(nginx, "{name: full, path: /dev/null}")))
        {
            var url = $"http://127.0.0.1:{sidecar.Port}";
            await Programs.RunAsync("curl", "curl", "-sS", $"{url}/a?n=1", $"{url}/missing", $"{url}/file/none", $"{url}/broken", $"{url}/empty");
            await Programs.RunAsync("curl", "curl", "-sS", $"{url}/a?n=2");
        }

        Assert.Equal(["GET /missing 404", "GET /file/none 404", "GET /broken 500"], Lines("errors"));
        Assert.Equal(["GET /a?n=1 200", "GET /missing 404", "GET /broken 500", "GET /empty 204", "GET /a?n=2 200"], Lines("chosen"));
        Assert.All(Read("errors"), record => Assert.False(record.Json.TryGetProperty("ext", out _)));
        Assert.All(Read("chosen"), record => Assert.Equal("completed", record.Outcome));
    }

    [Fact]
    public async Task EveryFormat_OfTheSameExchange_TellsTheSame()
    {
        await using var nginx = await Programs.NginxAsync();
        var entries = string.Join('\n', RecordFormats.Names.Select(name => $"  - {{format: {name}, path: '{_folder.File(name)}'}}"));
        var config = _folder.Write("sidecar.yaml", $"listeners: [{{listen: '127.0.0.1:0', target: '127.0.0.1:{nginx.Port}', observe: on}}]\nrecords:\n{entries}\n");
        await using (var sidecar = await RunningSidecar.StartAsync("--config", config))
            await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{sidecar.Port}/a?n=1");

        JsonElement Of(string name, params string[] path) => path.Aggregate(JsonDocument.Parse(Assert.Single(File.ReadLines(_folder.File(name)))).RootElement, (at, key) => at.GetProperty(key));
        var port = Of("perisco", "l4", "Protocol", "TCP", "client_port").GetInt32();
        var time = Of("perisco-v2", "ts").GetString();
        var bytes = Of("perisco", "ext", "response_bytes").GetInt64();
        Assert.Equal([time, time, time![..23] + "Z"], [Of("otel", "timestamp").GetString(), Of("ecs", "@timestamp").GetString(), Of("envoy", "start_time").GetString()]);
        Assert.All(
            [Of("perisco-v2", "l4", "TCP", "clientPort").GetInt32(), Of("otel", "attributes", "client.port").GetInt32(), Of("ecs", "client", "port").GetInt32(), IPEndPoint.Parse(Of("envoy", "downstream_remote_address").GetString()!).Port],
            found => Assert.Equal(port, found));
        Assert.All(
            [Of("perisco-v2", "ext", "response_bytes").GetInt64(), Of("otel", "attributes", "http.response.size").GetInt64(), Of("ecs", "http", "response", "bytes").GetInt64(), Of("envoy", "bytes_sent").GetInt64()],
            found => Assert.Equal(bytes, found));
        Assert.All(
            [Of("perisco-v2", "l7", "response", "http", "code").GetInt32(), Of("otel", "attributes", "http.response.status_code").GetInt32(), Of("ecs", "http", "response", "status_code").GetInt32(), Of("envoy", "response_code").GetInt32()],
            found => Assert.Equal(200, found));
        Assert.Equal(Of("perisco", "pid").GetInt32(), Of("ecs", "process", "pid").GetInt32());
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Entry_OnAFullDisk_LosesItsRecordsAlone(string transport)
    {
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--transport", transport, "--config", Config(nginx, "{name: full, path: /dev/full}"));

        await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{sidecar.Port}/a?n=[1-20]");

        await Eventually.TrueAsync(() => Lines("chosen").Count == 20);
        await Eventually.TrueAsync(async () => (await sidecar.GetAsync("metrics", "/metrics")).Body.Contains(
            "sidecar_records_dropped_total{sink=\"exchanges\",entry=\"full\",reason=\"output\"} 20", StringComparison.Ordinal));
        Assert.Contains("sidecar_records_dropped_total{sink=\"exchanges\",entry=\"chosen\",reason=\"output\"} 0", (await sidecar.GetAsync("metrics", "/metrics")).Body, StringComparison.Ordinal);
        var outputs = JsonDocument.Parse((await sidecar.GetAsync("admin", "/outputs")).Body).RootElement.EnumerateArray().ToDictionary(output => output.GetProperty("name").GetString()!);
        Assert.Equal(["chosen", "errors", "full"], outputs.Keys.Order());
        Assert.Equal((0, 20, "No space left on device : '/dev/full'"), (outputs["full"].GetProperty("sent").GetInt32(), outputs["full"].GetProperty("dropped").GetInt32(), outputs["full"].GetProperty("last_error").GetString()));
        Assert.Equal((20, 0), (outputs["chosen"].GetProperty("sent").GetInt32(), outputs["chosen"].GetProperty("dropped").GetInt32()));
        Assert.Contains(sidecar.Log, line => line.Contains("Exchanges are recorded: errors (perisco to ", StringComparison.Ordinal));
        Assert.Contains(sidecar.Log, line => line.Contains("Exchanges are recorded: full (perisco to /dev/full)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kafka_GetsTheRecordsOfEachConnectionInTheirOrder()
    {
        RootTools.RequirePrograms("kcat");
        using var kafka = new KafkaMock();
        await using var nginx = await Programs.NginxAsync();
        var config = _folder.Write("sidecar.yaml", $"""
            listeners: [{"{"}listen: '127.0.0.1:0', target: '127.0.0.1:{nginx.Port}', observe: on{"}"}]
            records:
              - {"{"}format: envoy, output: kafka, brokers: '{kafka.Addresses}', topic: exchanges{"}"}
              - {"{"}format: envoy, path: '{_folder.File("file")}'{"}"}
            """);
        await using (var sidecar = await RunningSidecar.StartAsync("--config", config))
        {
            var url = $"http://127.0.0.1:{sidecar.Port}";
            await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Programs.RunAsync("curl", "curl", "-sS", $"{url}/a?c={i}&n=[1-50]")));
        }

        var read = (await Run.WellAsync("kcat", "-C", "-q", "-e", "-b", kafka.Addresses, "-t", "exchanges", "-o", "beginning", "-f", "%k\t%s\n")).TrimEnd('\n').Split('\n').Select(line => line.Split('\t')).ToList();
        Assert.Equal(File.ReadLines(_folder.File("file")).Order(StringComparer.Ordinal), read.Select(message => message[1]).Order(StringComparer.Ordinal));
        Assert.Equal(4, read.Select(message => message[0]).Distinct().Count());
        Assert.All(read.GroupBy(message => message[0]), connection => Assert.Equal(
            Enumerable.Range(1, 50), connection.Select(message => int.Parse(JsonDocument.Parse(message[1]).RootElement.GetProperty("path").GetString()!.Split("n=")[1]))));
    }

    [Fact]
    public async Task Elasticsearch_GetsTheRecordsAndItsSecretIsShownNowhere()
    {
        await using var server = await BulkServer.StartAsync();
        await using var nginx = await Programs.NginxAsync();
        var key = _folder.Write("key", "key-of-a-test\n");
        var config = _folder.Write("sidecar.yaml", $"""
            listeners: [{"{"}listen: '127.0.0.1:0', target: '127.0.0.1:{nginx.Port}', observe: on{"}"}]
            records:
              - {"{"}format: ecs, output: elasticsearch, url: '{server.Url}', index: 'sidecar-%{"{"}+yyyy{"}"}', api-key: '@{key}'{"}"}
            """);
        await using (var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--config", config))
        {
            await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{sidecar.Port}/a?n=[1-20]");
            await Eventually.TrueAsync(() => server.Documents.Count == 20);
            await Eventually.TrueAsync(async () => (await sidecar.GetAsync("metrics", "/metrics")).Body.Contains("sidecar_records_sent_total{sink=\"exchanges\",entry=\"elasticsearch\"} 20", StringComparison.Ordinal));
            Assert.DoesNotContain("key-of-a-test", (await sidecar.GetAsync("admin", "/config")).Body, StringComparison.Ordinal);
            var output = Assert.Single(JsonDocument.Parse((await sidecar.GetAsync("admin", "/outputs")).Body).RootElement.EnumerateArray());
            Assert.Equal(("elasticsearch", "ecs", "elasticsearch", 20, 0), (output.GetProperty("name").GetString(), output.GetProperty("format").GetString(), output.GetProperty("kind").GetString(), output.GetProperty("sent").GetInt32(), output.GetProperty("dropped").GetInt32()));
            Assert.InRange(output.GetProperty("last_success").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
            Assert.False(output.TryGetProperty("last_error", out _));
            Assert.Contains(sidecar.Log, line => line.Contains("Exchanges are recorded: elasticsearch (ecs to http://127.0.0.1:", StringComparison.Ordinal));
            Assert.DoesNotContain(sidecar.Log, line => line.Contains("key-of-a-test", StringComparison.Ordinal));
        }

        Assert.Equal(["ApiKey key-of-a-test"], server.Authorizations.Distinct());
        Assert.Equal(Enumerable.Range(1, 20).Select(n => $"/a?n={n}").Order(), server.Documents.Values.Select(document => JsonDocument.Parse(document).RootElement.GetProperty("url").GetProperty("original").GetString()).Order());
        Assert.Empty(server.Mistakes);
    }

    [Fact]
    public async Task Otlp_GetsSpansByOneProtocolAndLogsByAnother()
    {
        await using var spans = await OtlpCollector.StartAsync(OtlpProtocol.HttpProtobuf);
        await using var logs = await OtlpCollector.StartAsync(OtlpProtocol.Grpc);
        await using var nginx = await Programs.NginxAsync();
        var config = _folder.Write("sidecar.yaml", $"""
            listeners: [{"{"}listen: '127.0.0.1:0', target: '127.0.0.1:{nginx.Port}', observe: on{"}"}]
            records:
              - {"{"}output: otlp, url: '{spans.Url}', service: shop{"}"}
              - {"{"}format: otel, output: otlp, url: '{logs.Url}', protocol: grpc, signal: logs, service: shop{"}"}
            """);
        await using (var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--config", config))
        {
            await Programs.RunAsync("curl", "curl", "-sS", "-H", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", $"http://127.0.0.1:{sidecar.Port}/a?n=[1-20]");
            await sidecar.StopAsync(ProcessSignal.Terminate);
        }

        var sentSpans = (await OtlpDefinitions.DecodeAsync(spans.Taken)).SelectMany(request => request.GetProperty("resourceSpans")[0].GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray()).ToList();
        var sentLogs = (await OtlpDefinitions.DecodeAsync(logs.Taken)).SelectMany(request => request.GetProperty("resourceLogs")[0].GetProperty("scopeLogs")[0].GetProperty("logRecords").EnumerateArray()).ToList();
        Assert.Equal(Enumerable.Range(1, 20).Select(n => $"GET /a?n={n} 200"), sentLogs.Select(log => log.GetProperty("body").GetProperty("stringValue").GetString()));
        // The same exchanges, in the trace of the caller.
        Assert.Equal(
            sentSpans.Select(span => (span.GetProperty("traceId").GetString(), span.GetProperty("parentSpanId").GetString(), span.GetProperty("startTimeUnixNano").GetString(), span.GetProperty("endTimeUnixNano").GetString())),
            sentLogs.Select(log => (log.GetProperty("traceId").GetString(), log.GetProperty("spanId").GetString(), log.GetProperty("timeUnixNano").GetString(), log.GetProperty("observedTimeUnixNano").GetString())));
        Assert.Equal(["b7ad6b7169203331"], sentSpans.Select(span => span.GetProperty("parentSpanId").GetString()!).Distinct());
    }

    [Fact]
    public async Task HangUp_RenamedFiles_AreMadeAnewForAllEntriesAndWrittenToAtTheEnd()
    {
        await using var nginx = await Programs.NginxAsync();
        await using var sidecar = await StartedSidecar.StartAsync(nginx.Port, "--config", Config(nginx, "{name: all, path: PATH/all}"));
        string[] names = ["errors", "chosen", "all"];
        foreach (var name in names)
            File.Move(_folder.File(name), _folder.File($"{name}.1"));

        sidecar.Signal(ProcessSignal.HangUp);
        await Eventually.TrueAsync(() => names.All(name => File.Exists(_folder.File(name))));
        await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{sidecar.Port}/missing");
        // What waits is written before the process ends.
        await sidecar.StopAsync(ProcessSignal.Terminate);

        Assert.All(names, name => Assert.Equal(["GET /missing 404"], Lines(name)));
        Assert.All(names, name => Assert.Equal(0, new FileInfo(_folder.File($"{name}.1")).Length));
    }

    private string Config(ServerProgram nginx, string more) => _folder.Write("sidecar.yaml", $$"""
        listeners: [{listen: "127.0.0.1:0", target: "127.0.0.1:{{nginx.Port}}"}]
        records:
          - {name: errors, path: {{_folder.File("errors")}}, sample: 0, ext: off}
          - {{more.Replace("PATH", _folder.Root, StringComparison.Ordinal)}}
          - {name: chosen, path: {{_folder.File("chosen")}}, paths: ["!/file/**"]}
        """);

    private IReadOnlyList<string> Lines(string name) => [.. Read(name).Select(record => $"{record.Method} {record.Url} {record.Status}")];

    private IReadOnlyList<RecordedExchange> Read(string name) => ExchangeRecords.Read(_folder.File(name));
}
