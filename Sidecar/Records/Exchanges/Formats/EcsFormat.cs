using Chassis;
using Sidecar.Kubernetes;
using Sidecar.Observation;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>
/// Writes exchanges in the format <c>ecs</c>, the Elastic Common Schema; the sidecar's own values are <c>labels</c>, and heads are objects
/// that an index should map as <c>flattened</c>.
/// </summary>
internal sealed class EcsFormat(RecordText text) : RecordFormat(text)
{
    // All of the record but its texts, behind the first of these.
    private const int AroundTexts = 512;
    private const int AroundTrace = 192;

    private static readonly AddressWords Addresses = new()
    {
        Client = "\"client\":{\"ip\":\""u8.ToArray(),
        ClientPort = "\",\"port\":"u8.ToArray(),
        Server = "},\"server\":{\"ip\":\""u8.ToArray(),
        ServerPort = "\",\"port\":"u8.ToArray(),
        NetworkType = "},\"network\":{\"transport\":\"tcp\",\"protocol\":\"http\",\"type\":\""u8.ToArray(),
        Process = "\"},\"process\":{\"pid\":"u8.ToArray(),
    };

    private static readonly ConnectionWords OwnWords = new()
    {
        Id = ",\"labels\":{\"connection_id\":\""u8.ToArray(),
        Role = "\",\"role\":\""u8.ToArray(),
        Transform = "\",\"transform\":\""u8.ToArray(),
        Outcome = "\",\"outcome\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ServerWords = new()
    {
        Command = ",\"name\":\""u8.ToArray(),
        Container = "},\"container\":{\"id\":\""u8.ToArray(),
    };

    private static readonly ProcessWords ClientWords = new()
    {
        Id = ",\"client_pid\":\""u8.ToArray(),
        IdEnd = "\""u8.ToArray(),
        Command = ",\"client_command\":\""u8.ToArray(),
        Container = ",\"client_container\":\""u8.ToArray(),
    };

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => "\"client\":{\"ip\":\""u8;

    /// <inheritdoc/>
    protected override ConnectionWords Words => OwnWords;

    /// <inheritdoc/>
    protected override ProcessWords ServerProcess => ServerWords;

    /// <inheritdoc/>
    protected override ProcessWords ClientProcess => ClientWords;

    /// <inheritdoc/>
    public override void Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        var (request, response, clock) = (exchange.Request, exchange.FinalResponse, Text.Clock);
        var (seconds, nanoseconds) = clock.TimeOfDay(exchange.Started, exchange.Ended);
        line.Raw("{\"@timestamp\":\""u8);
        line.Time(seconds, nanoseconds, nanosecondDigits: 9);
        line.Raw("\","u8);
        line.Raw(connection.Endpoints);
        line.Late(connection.Process);
        WriteProcess(line, connection.ServerProcess);
        line.Raw("},\"ecs\":{\"version\":\"8.17.0\"},\"event\":{\"kind\":\"event\",\"category\":[\"web\"],\"type\":[\"access\"],\"dataset\":\"sidecar.exchange\",\"outcome\":\""u8);
        line.Raw(ExchangeFilter.IsError(exchange) ? "failure"u8 : "success"u8);
        line.Raw("\",\"duration\":"u8);
        line.Number(Math.Max(0, clock.Nanoseconds(exchange.Started, exchange.Ended)));
        line.Raw("}"u8);
        if (Text.HasExt)
            WriteLabels(line, connection, exchange);
        line.Raw(connection.Names);
        KeepRoom(line, AroundTexts + ResponseShareOf(exchange));
        line.Raw(",\"url\":{\"original\":\""u8);
        Text.Url(line, request.Target);
        line.Raw("\""u8);
        Text.Target(line, request.Target, ",\"path\":\""u8, ",\"query\":\""u8);
        line.Raw("}"u8);
        WriteHttp(line, exchange, request, response);
        KeepRoom(line, AroundTrace);
        Text.Field(line, request, "user-agent"u8, ",\"user_agent\":{\"original\":\""u8, "\"}"u8);
        var trace = Text.TraceOf(request);
        if (!trace.Trace.IsEmpty)
        {
            line.Raw(",\"trace\":{\"id\":\""u8);
            line.Raw(trace.Trace);
            line.Raw("\"},\"parent\":{\"id\":\""u8);
            line.Raw(trace.Parent);
            line.Raw("\"}"u8);
        }

        if (Text.HasExt && IsCut(line, exchange))
            line.Raw(",\"tags\":[\"truncated\"]"u8);
        line.Raw("}\n"u8);
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin) => WriteAddresses(line, origin, Addresses);

    // The fields of Beats, below the end as ECS nests field sets.
    /// <inheritdoc/>
    protected override void WriteNames(JsonLine line, string end, EndNames names)
    {
        if (names.Pod is not null || names.Service is not null)
            WriteKubernetes(line, names);
    }

    // Those of the own pod.
    /// <inheritdoc/>
    protected override void WriteNames(JsonLine line, in ExchangeOrigin origin)
    {
        line.Raw(",\"orchestrator\":{\"type\":\"kubernetes\"}"u8);
        if (origin.Names!.Own is { } own)
            WriteKubernetes(line, new EndNames(own, Service: null));
    }

    private static void WriteKubernetes(JsonLine line, EndNames names)
    {
        line.Raw(",\"kubernetes\":{\"namespace\":\""u8);
        WriteName(line, names.Pod?.Namespace ?? names.Service?.Namespace ?? "");
        line.Raw("\""u8);
        Named("pod", names.Pod?.Name);
        Named("node", names.Pod?.Node);
        Named("serviceaccount", names.Pod?.ServiceAccount);
        Named("service", names.Service?.Name);
        if (names.Pod?.Labels is { Count: > 0 } labels)
        {
            line.Raw(",\"labels\":{\""u8);
            for (var i = 0; i < labels.Count; i++)
            {
                if (i > 0)
                    line.Raw("\",\""u8);
                // A dot would make an object, and a label can have the name of another and a dot.
                WriteName(line, labels[i].Name.Replace('.', '_'));
                line.Raw("\":\""u8);
                WriteName(line, labels[i].Value);
            }

            line.Raw("\"}"u8);
        }

        line.Raw("}"u8);

        void Named(string kind, string? name)
        {
            if (name is null)
                return;
            line.Raw(",\""u8);
            line.Ascii(kind);
            line.Raw("\":{\"name\":\""u8);
            WriteName(line, name);
            line.Raw("\"}"u8);
        }
    }

    // Labels are keywords, so numbers are texts too.
    private static void WriteLabels(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        line.Raw(connection.Connection);
        line.Ascii(EnumWords.Of(exchange.Outcome));
        line.Raw("\""u8);
        WriteProcess(line, connection.ClientProcess);
        if (exchange.Grpc is { Status: { } status })
        {
            line.Raw(",\"grpc_status\":\""u8);
            line.Ascii(SemanticNames.GrpcStatusOf(status));
            line.Raw("\""u8);
        }

        line.Raw("}"u8);
    }

    private void WriteHttp(JsonLine line, Exchange exchange, MessageHead request, MessageHead? response)
    {
        line.Raw(",\"http\":{\"version\":\""u8);
        line.Ascii(SemanticNames.VersionOf(request.Version));
        line.Raw("\",\"request\":{\"bytes\":"u8);
        line.Number(exchange.RequestBytes);
        line.Raw(",\"method\":\""u8);
        line.Text(request.Method);
        line.Raw("\""u8);
        Text.Field(line, request, "x-request-id"u8, ",\"id\":\""u8);
        Text.Field(line, request, "referer"u8, ",\"referrer\":\""u8);
        Text.Field(line, request, "content-type"u8, ",\"mime_type\":\""u8);
        line.Raw(",\"headers\":{"u8);
        Text.FieldLists(line, request, default, isFirst: true);
        line.Raw("}}"u8);
        if (response is not null)
        {
            line.Raw(",\"response\":{\"bytes\":"u8);
            line.Number(exchange.ResponseBytes);
            line.Raw(",\"status_code\":"u8);
            line.Number(response.Status);
            KeepRoom(line, AroundTexts);
            Text.Field(line, response, "content-type"u8, ",\"mime_type\":\""u8);
            line.Raw(",\"headers\":{"u8);
            Text.FieldLists(line, response, default, isFirst: true);
            line.Raw("}}"u8);
        }

        line.Raw("}"u8);
    }
}
