using System.Net.Sockets;
using System.Text;
using Chassis;
using Chassis.Net;
using Oracle.Protocol;
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

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => "{\"client.address\":\""u8;

    /// <inheritdoc/>
    public override int Write(JsonLine line, RecordWriter connection, Exchange exchange)
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
        var late = WriteProcess(line, connection.Process);
        WriteMessages(line, exchange);
        if (Text.HasExt)
        {
            line.Raw(connection.Connection);
            line.Ascii(EnumWords.Of(exchange.Outcome));
            line.Raw("\""u8);
        }

        WriteTexts(line, exchange);
        if (Text.HasExt && IsCut(line, exchange))
            line.Raw(",\"sidecar.truncated\":true"u8);
        line.Raw("}"u8);
        var trace = TraceContext.Of(exchange.Request);
        if (!trace.Trace.IsEmpty && Text.RuleOf("traceparent"u8) == FieldRule.Written)
        {
            line.Raw(",\"trace_id\":\""u8);
            line.Raw(trace.Trace);
            line.Raw("\",\"parent_span_id\":\""u8);
            line.Raw(trace.Parent);
            line.Raw("\""u8);
        }

        line.Raw("}\n"u8);
        return late;
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin)
    {
        var (client, server) = (NetworkAddress.Canonical(origin.Client.EndPoint), NetworkAddress.Canonical(origin.Server));
        line.Raw("{\"client.address\":\""u8);
        WriteAddress(line, client.Address);
        line.Raw("\",\"client.port\":"u8);
        line.Number(client.Port);
        line.Raw(",\"server.address\":\""u8);
        WriteAddress(line, server.Address);
        line.Raw("\",\"server.port\":"u8);
        line.Number(server.Port);
        line.Raw(",\"network.transport\":\"tcp\",\"network.type\":\""u8);
        line.Raw(server.AddressFamily == AddressFamily.InterNetwork ? "ipv4"u8 : "ipv6"u8);
        line.Raw("\",\"process.pid\":"u8);
    }

    /// <inheritdoc/>
    protected override void WriteConnection(JsonLine line, in ExchangeOrigin origin)
    {
        line.Raw(",\"sidecar.connection.id\":\""u8);
        line.Text(Encoding.UTF8.GetBytes(origin.Id.ToString()));
        line.Raw("\",\"sidecar.role\":\""u8);
        line.Ascii(origin.Role.Word());
        if (BoundedText.Of(origin.Transform) is { } transform)
        {
            line.Raw("\",\"sidecar.transform\":\""u8);
            line.Text(Encoding.UTF8.GetBytes(transform));
        }

        line.Raw("\",\"sidecar.outcome\":\""u8);
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

        var error = SemanticNames.ErrorOf(exchange);
        if (exchange.Grpc is { } call)
        {
            line.Raw(",\"rpc.system.name\":\"grpc\""u8);
            if (call.Status is { } status)
            {
                line.Raw(",\"rpc.response.status_code\":\""u8);
                line.Ascii(SemanticNames.GrpcStatusOf(status));
                line.Raw("\""u8);
            }

            error = SemanticNames.ErrorOf(exchange, call);
        }

        if (error is not null)
        {
            line.Raw(",\"error.type\":\""u8);
            line.Ascii(error);
            line.Raw("\""u8);
        }
    }

    private void WriteTexts(JsonLine line, Exchange exchange)
    {
        var request = exchange.Request;
        KeepRoom(line, AroundTrace + ResponseShareOf(exchange));
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
        KeepRoom(line, AroundTrace);
        if (exchange.FinalResponse is { } response)
            Text.FieldLists(line, response, "http.response.header."u8, isFirst: false);
    }
}
