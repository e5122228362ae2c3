using System.Text;
using Chassis;
using Sidecar.Kubernetes;
using Sidecar.Observation;
using Sidecar.Observation.Grpc;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>
/// Writes exchanges as records of OTLP in JSON (opentelemetry-proto, docs/specification.md), for the output <c>otlp</c>. Attributes have the
/// names and values of the format <c>otel</c>.
/// </summary>
internal abstract class OtlpFormat(RecordText text) : RecordFormat(text)
{
    // Ids, times, words and numbers behind the attributes.
    private const int RecordLength = 384;

    private static readonly AddressWords Addresses = new()
    {
        Client = "{\"key\":\"client.address\",\"value\":{\"stringValue\":\""u8.ToArray(),
        ClientPort = "\"}},{\"key\":\"client.port\",\"value\":{\"intValue\":\""u8.ToArray(),
        PortEnd = "\"}}"u8.ToArray(),
        Server = ",{\"key\":\"server.address\",\"value\":{\"stringValue\":\""u8.ToArray(),
        ServerPort = "\"}},{\"key\":\"server.port\",\"value\":{\"intValue\":\""u8.ToArray(),
        NetworkType = ",{\"key\":\"network.transport\",\"value\":{\"stringValue\":\"tcp\"}},{\"key\":\"network.type\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Process = "\"}},{\"key\":\"process.pid\",\"value\":{\"intValue\":\""u8.ToArray(),
    };

    private static readonly ConnectionWords OwnWords = new()
    {
        Id = ",{\"key\":\"sidecar.connection.id\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Role = "\"}},{\"key\":\"sidecar.role\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Transform = "\"}},{\"key\":\"sidecar.transform\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Outcome = "\"}},{\"key\":\"sidecar.outcome\",\"value\":{\"stringValue\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ServerWords = new()
    {
        Command = ",{\"key\":\"process.executable.name\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Container = ",{\"key\":\"container.id\",\"value\":{\"stringValue\":\""u8.ToArray(),
        TextEnd = "\"}}"u8.ToArray(),
    };

    private static readonly ProcessWords ClientWords = new()
    {
        Id = ",{\"key\":\"client.process.pid\",\"value\":{\"intValue\":\""u8.ToArray(),
        IdEnd = "\"}}"u8.ToArray(),
        Command = ",{\"key\":\"client.process.executable.name\",\"value\":{\"stringValue\":\""u8.ToArray(),
        Container = ",{\"key\":\"client.container.id\",\"value\":{\"stringValue\":\""u8.ToArray(),
        TextEnd = "\"}}"u8.ToArray(),
    };

    /// <inheritdoc/>
    protected sealed override ReadOnlySpan<byte> ClientField => "\"client.address\",\"value\":{\"stringValue\":\""u8;

    /// <inheritdoc/>
    protected sealed override ConnectionWords Words => OwnWords;

    /// <inheritdoc/>
    protected sealed override ProcessWords ServerProcess => ServerWords;

    /// <inheritdoc/>
    protected sealed override ProcessWords ClientProcess => ClientWords;

    /// <inheritdoc/>
    public sealed override void Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        line.Raw("{\"attributes\":["u8);
        line.Raw(connection.Endpoints);
        line.Late(connection.Process);
        line.Raw("\"}}"u8);
        WriteProcess(line, connection.ServerProcess);
        WriteProcess(line, connection.ClientProcess);
        WriteMessages(line, exchange);
        if (Text.HasExt)
        {
            line.Raw(connection.Connection);
            line.Ascii(EnumWords.Of(exchange.Outcome));
            line.Raw("\"}}"u8);
            WriteOwn(line, exchange);
        }

        KeepRecordsRoom(line);
        WriteTexts(line, exchange);
        WriteHeads(line, exchange);
        if (Text.HasExt && IsCut(line, exchange))
            line.Raw(",{\"key\":\"sidecar.truncated\",\"value\":{\"boolValue\":true}}"u8);
        line.Raw("]"u8);
        WriteRecord(line, exchange, Text.TraceOf(exchange.Request));
        line.Raw("}\n"u8);
    }

    /// <summary>The most bytes of texts behind the attributes.</summary>
    protected abstract int LongestTexts { get; }

    /// <summary>Limits the attributes' texts that follow, so that the rest of the record has room behind them.</summary>
    protected void KeepRecordsRoom(JsonLine line, int behind = 0) => KeepRoom(line, RecordLength + LongestTexts + behind);

    /// <summary>Writes further attributes with the sidecar's own names, without texts of peers.</summary>
    protected virtual void WriteOwn(JsonLine line, Exchange exchange)
    {
    }

    /// <summary>Writes the fields of the heads as attributes.</summary>
    protected virtual void WriteHeads(JsonLine line, Exchange exchange)
    {
    }

    /// <summary>Writes the record's fields behind its attributes.</summary>
    protected abstract void WriteRecord(JsonLine line, Exchange exchange, TraceContext trace);

    /// <inheritdoc/>
    protected sealed override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin) => WriteAddresses(line, origin, Addresses);

    /// <inheritdoc/>
    protected sealed override void WriteNames(JsonLine line, string end, EndNames names)
    {
        foreach (var attribute in NameAttributes.Of(names))
        {
            Begin(line, Encoding.UTF8.GetBytes($"{end}.{attribute.Name}"));
            WriteName(line, attribute.Value);
            line.Raw("\"}}"u8);
        }
    }

    /// <summary>Whether it is a call with a method's name.</summary>
    protected static bool IsCall(Exchange exchange) => exchange.Grpc is not null && GrpcPath.TrySplit(exchange.Request.Target, out _, out _);

    /// <summary>Writes the trace that the request belongs to.</summary>
    protected static void Trace(JsonLine line, ReadOnlySpan<byte> trace)
    {
        line.Raw(",\"traceId\":\""u8);
        line.Raw(trace);
        line.Raw("\""u8);
    }

    /// <summary>Writes a time or another 64-bit number of a record: texts in protobuf's JSON.</summary>
    protected static void Long(JsonLine line, ReadOnlySpan<byte> name, long number)
    {
        line.Raw(",\""u8);
        line.Raw(name);
        line.Raw("\":\""u8);
        line.Number(number);
        line.Raw("\""u8);
    }

    /// <summary>Writes a number of 32 bits of a record.</summary>
    protected static void Short(JsonLine line, ReadOnlySpan<byte> name, int number)
    {
        line.Raw(",\""u8);
        line.Raw(name);
        line.Raw("\":"u8);
        line.Number(number);
    }

    /// <summary>Writes an attribute with a number.</summary>
    protected static void Number(JsonLine line, ReadOnlySpan<byte> key, long number)
    {
        line.Raw(",{\"key\":\""u8);
        line.Raw(key);
        line.Raw("\",\"value\":{\"intValue\":\""u8);
        line.Number(number);
        line.Raw("\"}}"u8);
    }

    /// <summary>The first byte of the request and the end of the exchange, in nanoseconds since 1970.</summary>
    protected (long Start, long End) TimesOf(Exchange exchange)
    {
        var (seconds, nanoseconds) = Text.Clock.TimeOfDay(exchange.Started, exchange.Ended);
        var start = (seconds * WallClock.NanosecondsASecond) + nanoseconds;
        return (start, start + Math.Max(0, Text.Clock.Nanoseconds(exchange.Started, exchange.Ended)));
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

    private void WriteTexts(JsonLine line, Exchange exchange)
    {
        var request = exchange.Request;
        if (SemanticNames.MethodOf(request.Method) == SemanticNames.Other)
        {
            Begin(line, "http.request.method_original"u8);
            line.Text(request.Method);
            line.Raw("\"}}"u8);
        }

        Text.Target(
            line, request.Target, ",{\"key\":\"url.path\",\"value\":{\"stringValue\":\""u8, ",{\"key\":\"url.query\",\"value\":{\"stringValue\":\""u8, "\"}}"u8);
        if (IsCall(exchange))
        {
            Begin(line, "rpc.method"u8);
            Text.Url(line, request.Target[1..]);
            line.Raw("\"}}"u8);
        }

        if (exchange.Grpc is not null && Text.TryFindMessage(exchange, out var message))
        {
            Begin(line, "sidecar.grpc.message"u8);
            Text.Message(line, message);
            line.Raw("\"}}"u8);
        }

        Text.Field(line, request, "user-agent"u8, ",{\"key\":\"user_agent.original\",\"value\":{\"stringValue\":\""u8, "\"}}"u8);
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
}
