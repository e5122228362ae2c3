using Chassis;
using Sidecar.Kubernetes;
using Sidecar.Observation;
using Sidecar.Observation.Grpc;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>
/// Writes exchanges in the format <c>otel</c>: attributes by OpenTelemetry's semantic conventions for HTTP and RPC, on the server's side,
/// and the sidecar's own as <c>sidecar.*</c>.
/// </summary>
internal sealed class OtelFormat(RecordText text) : RecordFormat(text)
{
    // Trace and span behind the texts, and keys that are written without their texts.
    private const int AroundTrace = 256;

    private static readonly AddressWords Addresses = new()
    {
        Client = "{\"client.address\":\""u8.ToArray(),
        ClientPort = "\",\"client.port\":"u8.ToArray(),
        Server = ",\"server.address\":\""u8.ToArray(),
        ServerPort = "\",\"server.port\":"u8.ToArray(),
        NetworkType = ",\"network.transport\":\"tcp\",\"network.type\":\""u8.ToArray(),
        Process = "\",\"process.pid\":"u8.ToArray(),
    };

    private static readonly ConnectionWords OwnWords = new()
    {
        Id = ",\"sidecar.connection.id\":\""u8.ToArray(),
        Role = "\",\"sidecar.role\":\""u8.ToArray(),
        Transform = "\",\"sidecar.transform\":\""u8.ToArray(),
        Outcome = "\",\"sidecar.outcome\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ServerWords = new()
    {
        Command = ",\"process.executable.name\":\""u8.ToArray(),
        Container = ",\"container.id\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ClientWords = new()
    {
        Id = ",\"client.process.pid\":"u8.ToArray(),
        Command = ",\"client.process.executable.name\":\""u8.ToArray(),
        Container = ",\"client.container.id\":\""u8.ToArray(),
    };

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => "{\"client.address\":\""u8;

    /// <inheritdoc/>
    protected override ConnectionWords Words => OwnWords;

    /// <inheritdoc/>
    protected override ProcessWords ServerProcess => ServerWords;

    /// <inheritdoc/>
    protected override ProcessWords ClientProcess => ClientWords;

    /// <inheritdoc/>
    public override void Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        var (response, clock) = (exchange.FinalResponse, Text.Clock);
        var (seconds, nanoseconds) = clock.TimeOfDay(exchange.Started, exchange.Ended);
        line.Raw("{\"timestamp\":\""u8);
        line.Time(seconds, nanoseconds, nanosecondDigits: 9);
        line.Raw("\",\"duration_ns\":"u8);
        line.Number(Math.Max(0, clock.Nanoseconds(exchange.Started, exchange.Ended)));
        if (response is not null)
        {
            line.Raw(",\"latency_ns\":"u8);
            line.Number(Math.Max(0, clock.Nanoseconds(exchange.Requested, exchange.Responded)));
        }

        line.Raw(",\"attributes\":"u8);
        line.Raw(connection.Endpoints);
        line.Late(connection.Process);
        WriteProcess(line, connection.ServerProcess);
        WriteProcess(line, connection.ClientProcess);
        WriteMessages(line, exchange);
        if (Text.HasExt)
        {
            line.Raw(connection.Connection);
            line.Ascii(EnumWords.Of(exchange.Outcome));
            line.Raw("\""u8);
        }

        WriteTexts(line, exchange, AroundTrace + connection.Names.Length);
        if (Text.HasExt && IsCut(line, exchange))
            line.Raw(",\"sidecar.truncated\":true"u8);
        line.Raw("}"u8);
        line.Raw(connection.Names);
        var trace = Text.TraceOf(exchange.Request);
        if (!trace.Trace.IsEmpty)
        {
            line.Raw(",\"trace_id\":\""u8);
            line.Raw(trace.Trace);
            line.Raw("\",\"parent_span_id\":\""u8);
            line.Raw(trace.Parent);
            line.Raw("\""u8);
        }

        line.Raw("}\n"u8);
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin) => WriteAddresses(line, origin, Addresses);

    /// <inheritdoc/>
    protected override void WriteNames(JsonLine line, string end, EndNames names)
    {
        foreach (var attribute in NameAttributes.Of(names))
            WriteName(line, ",\""u8, $"{end}.{attribute.Name}", attribute.Value);
    }

    // The own pod is the resource that the record is of.
    /// <inheritdoc/>
    protected override void WriteNames(JsonLine line, in ExchangeOrigin origin)
    {
        if (origin.Names!.Own is not { } own)
            return;
        line.Raw(",\"resource\":"u8);
        // The first is always there.
        var before = "{\""u8;
        foreach (var attribute in NameAttributes.Of(own))
        {
            WriteName(line, before, attribute.Name, attribute.Value);
            before = ",\""u8;
        }

        line.Raw("}"u8);
    }

    private static void WriteName(JsonLine line, ReadOnlySpan<byte> before, string key, string name)
    {
        line.Raw(before);
        WriteName(line, key);
        line.Raw("\":\""u8);
        WriteName(line, name);
        line.Raw("\""u8);
    }

    private static void WriteMessages(JsonLine line, Exchange exchange)
    {
        line.Raw(",\"http.request.method\":\""u8);
        line.Ascii(SemanticNames.MethodOf(exchange.Request.Method));
        line.Raw("\",\"url.scheme\":\"http\",\"network.protocol.name\":\"http\",\"network.protocol.version\":\""u8);
        line.Ascii(SemanticNames.VersionOf(exchange.Request.Version));
        line.Raw("\",\"http.request.size\":"u8);
        line.Number(exchange.RequestBytes);
        line.Raw(",\"http.response.size\":"u8);
        line.Number(exchange.ResponseBytes);
        if (exchange.FinalResponse is { } response)
        {
            line.Raw(",\"http.response.status_code\":"u8);
            line.Number(response.Status);
        }

        if (exchange.Grpc is { } call)
        {
            line.Raw(",\"rpc.system.name\":\"grpc\""u8);
            if (call.Status is { } status)
            {
                line.Raw(",\"rpc.response.status_code\":\""u8);
                line.Ascii(SemanticNames.GrpcStatusOf(status));
                line.Raw("\""u8);
            }
        }

        if (SemanticNames.ErrorOf(exchange) is { } error)
        {
            line.Raw(",\"error.type\":\""u8);
            line.Ascii(error);
            line.Raw("\""u8);
        }
    }

    private void WriteTexts(JsonLine line, Exchange exchange, int behind)
    {
        var request = exchange.Request;
        KeepRoom(line, behind + ResponseShareOf(exchange));
        if (SemanticNames.MethodOf(request.Method) == SemanticNames.Other)
        {
            line.Raw(",\"http.request.method_original\":\""u8);
            line.Text(request.Method);
            line.Raw("\""u8);
        }

        Text.Target(line, request.Target, ",\"url.path\":\""u8, ",\"url.query\":\""u8);
        if (exchange.Grpc is not null && GrpcPath.TrySplit(request.Target, out _, out _))
        {
            line.Raw(",\"rpc.method\":\""u8);
            Text.Url(line, request.Target[1..]);
            line.Raw("\""u8);
        }

        if (exchange.Grpc is not null && Text.TryFindMessage(exchange, out var message))
        {
            line.Raw(",\"sidecar.grpc.message\":\""u8);
            Text.Message(line, message);
            line.Raw("\""u8);
        }

        Text.Field(line, request, "user-agent"u8, ",\"user_agent.original\":\""u8);
        Text.FieldLists(line, request, "http.request.header."u8, isFirst: false);
        KeepRoom(line, behind);
        if (exchange.FinalResponse is { } response)
            Text.FieldLists(line, response, "http.response.header."u8, isFirst: false);
    }
}
