using System.Buffers.Binary;
using System.Text;
using Chassis;
using Sidecar.Kubernetes;
using Sidecar.Observation;
using Sidecar.Observation.Grpc;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>
/// Writes exchanges as spans of OTLP in JSON (opentelemetry-proto, trace.proto), for the output <c>otlp</c>: spans of a server, in the
/// client's trace if the request names one. Attributes are those of the format <c>otel</c>, without the heads.
/// </summary>
internal sealed class SpanFormat(RecordText text) : RecordFormat(text)
{
    /// <summary>Its name, which no user writes.</summary>
    public const string FormatName = "otlp-span";

    // SPAN_KIND_SERVER, STATUS_CODE_ERROR.
    private const int Server = 2;
    private const int Error = 2;

    // The end of the attributes and the status.
    private const int AroundStatus = 256;

    private static readonly AddressWords Addresses = new()
    {
        Client = "{\"key\":\"client.address\",\"value\":{\"stringValue\":\""u8.ToArray(),
        ClientPort = "\"}},{\"key\":\"client.port\",\"value\":{\"intValue\":\""u8.ToArray(),
        PortEnd = "\"}}"u8.ToArray(),
        Server = ",{\"key\":\"server.address\",\"value\":{\"stringValue\":\""u8.ToArray(),
        ServerPort = "\"}},{\"key\":\"server.port\",\"value\":{\"intValue\":\""u8.ToArray(),
        NetworkType = ",{\"key\":\"network.transport\",\"value\":{\"stringValue\":\"tcp\"}},{\"key\":\"network.type\",\"value\":{\"stringValue\":\""u8.ToArray(),
        // Without quotation marks, because blanks for a late number may not be among them.
        Process = "\"}},{\"key\":\"process.pid\",\"value\":{\"intValue\":"u8.ToArray(),
    };

    private static readonly ConnectionWords OwnWords = new()
    {
        Id = ",{\"key\":\"sidecar.connection.id\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Role = "\"}},{\"key\":\"sidecar.role\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Transform = "\"}},{\"key\":\"sidecar.transform\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Outcome = "\"}},{\"key\":\"sidecar.outcome\",\"value\":{\"stringValue\":\""u8.ToArray(),
    };

    // Its output writes no files.
    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => default;

    /// <inheritdoc/>
    protected override ConnectionWords Words => OwnWords;

    /// <inheritdoc/>
    public override int Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        var (request, clock) = (exchange.Request, Text.Clock);
        var trace = Text.TraceOf(request);
        line.Raw("{\"traceId\":\""u8);
        if (trace.Trace.IsEmpty)
            RandomId(line, 2);
        else
            line.Raw(trace.Trace);
        line.Raw("\",\"spanId\":\""u8);
        RandomId(line, 1);
        if (!trace.Parent.IsEmpty)
        {
            line.Raw("\",\"parentSpanId\":\""u8);
            line.Raw(trace.Parent);
        }

        line.Raw("\",\"kind\":"u8);
        line.Number(Server);
        var (seconds, nanoseconds) = clock.TimeOfDay(exchange.Started, exchange.Ended);
        var start = (seconds * WallClock.NanosecondsASecond) + nanoseconds;
        // 64-bit numbers are texts in protobuf's JSON.
        line.Raw(",\"startTimeUnixNano\":\""u8);
        line.Number(start);
        line.Raw("\",\"endTimeUnixNano\":\""u8);
        line.Number(start + Math.Max(0, clock.Nanoseconds(exchange.Started, exchange.Ended)));
        line.Raw("\",\"attributes\":["u8);
        line.Raw(connection.Endpoints);
        var late = WriteProcess(line, connection.Process);
        line.Raw("}}"u8);
        WriteMessages(line, exchange);
        if (Text.HasExt)
        {
            line.Raw(connection.Connection);
            line.Ascii(EnumWords.Of(exchange.Outcome));
            line.Raw("\"}}"u8);
        }

        KeepRoom(line, AroundStatus);
        WriteTexts(line, exchange, trace);
        return late;
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin) => WriteAddresses(line, origin, Addresses);

    /// <inheritdoc/>
    protected override void WriteNames(JsonLine line, string end, EndNames names)
    {
        foreach (var attribute in NameAttributes.Of(names))
        {
            Begin(line, Encoding.UTF8.GetBytes($"{end}.{attribute.Name}"));
            WriteName(line, attribute.Value);
            line.Raw("\"}}"u8);
        }
    }

    private static void WriteMessages(JsonLine line, Exchange exchange)
    {
        Word(line, "http.request.method"u8, SemanticNames.MethodOf(exchange.Request.Method));
        Word(line, "url.scheme"u8, "http");
        Word(line, "network.protocol.name"u8, "http");
        Word(line, "network.protocol.version"u8, SemanticNames.VersionOf(exchange.Request.Version));
        Number(line, "http.request.size"u8, exchange.RequestBytes);
        Number(line, "http.response.size"u8, exchange.ResponseBytes);
        if (exchange.FinalResponse is { } response)
            Number(line, "http.response.status_code"u8, response.Status);
        if (exchange.Grpc is { } call)
        {
            Word(line, "rpc.system.name"u8, "grpc");
            if (call.Status is { } status)
                Word(line, "rpc.response.status_code"u8, SemanticNames.GrpcStatusOf(status));
        }

        if (SemanticNames.ErrorOf(exchange) is { } error)
            Word(line, "error.type"u8, error);
    }

    private void WriteTexts(JsonLine line, Exchange exchange, TraceContext trace)
    {
        var request = exchange.Request;
        var isKnown = SemanticNames.MethodOf(request.Method) != SemanticNames.Other;
        if (!isKnown)
        {
            Begin(line, "http.request.method_original"u8);
            line.Text(request.Method);
            line.Raw("\"}}"u8);
        }

        Text.Target(
            line, request.Target, ",{\"key\":\"url.path\",\"value\":{\"stringValue\":\""u8, ",{\"key\":\"url.query\",\"value\":{\"stringValue\":\""u8, "\"}}"u8);
        var isCall = exchange.Grpc is not null && GrpcPath.TrySplit(request.Target, out _, out _);
        if (isCall)
        {
            Begin(line, "rpc.method"u8);
            Text.Url(line, request.Target[1..]);
            line.Raw("\"}}"u8);
        }

        Text.Field(line, request, "user-agent"u8, ",{\"key\":\"user_agent.original\",\"value\":{\"stringValue\":\""u8, "\"}}"u8);
        line.Raw("],\"name\":\""u8);
        // Of a route that is known: for HTTP none is.
        if (isCall)
            Text.Url(line, request.Target[1..]);
        else
            line.Ascii(isKnown ? SemanticNames.MethodOf(request.Method) : "HTTP");
        line.Raw("\""u8);
        if (!trace.Trace.IsEmpty)
            Text.Field(line, request, "tracestate"u8, ",\"traceState\":\""u8);
        if (SemanticNames.ErrorOf(exchange) is not null)
        {
            line.Raw(",\"status\":{\"code\":"u8);
            line.Number(Error);
            line.Raw("}"u8);
        }

        line.Raw("}\n"u8);
    }

    private static void Begin(JsonLine line, ReadOnlySpan<byte> key)
    {
        line.Raw(",{\"key\":\""u8);
        line.Raw(key);
        line.Raw("\",\"value\":{\"stringValue\":\""u8);
    }

    private static void Word(JsonLine line, ReadOnlySpan<byte> key, string word)
    {
        Begin(line, key);
        line.Ascii(word);
        line.Raw("\"}}"u8);
    }

    private static void Number(JsonLine line, ReadOnlySpan<byte> key, long number)
    {
        line.Raw(",{\"key\":\""u8);
        line.Raw(key);
        line.Raw("\",\"value\":{\"intValue\":\""u8);
        line.Number(number);
        line.Raw("\"}}"u8);
    }

    // Not all zeros, which is invalid.
    private static void RandomId(JsonLine line, int words)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(long)];
        Span<byte> digits = stackalloc byte[4 * sizeof(long)];
        for (var i = 0; i < words; i++)
            BinaryPrimitives.WriteInt64BigEndian(bytes[(i * sizeof(long))..], Random.Shared.NextInt64(1, long.MaxValue));
        Convert.TryToHexStringLower(bytes[..(words * sizeof(long))], digits, out var length);
        line.Raw(digits[..length]);
    }
}
