using System.Net;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Observation;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes exchanges in the format <c>envoy</c>: the names of Istio's access log in JSON. Its times are milliseconds.</summary>
internal sealed class EnvoyFormat(RecordText text) : RecordFormat(text)
{
    private const long NanosecondsAMillisecond = 1_000_000;

    private static readonly ConnectionWords OwnWords = new()
    {
        Id = ",\"connection_id\":\""u8.ToArray(),
        Role = "\",\"role\":\""u8.ToArray(),
        Outcome = "\""u8.ToArray(),
    };

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => "\"downstream_remote_address\":\""u8;

    /// <inheritdoc/>
    protected override ConnectionWords Words => OwnWords;

    /// <inheritdoc/>
    public override void Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        var (request, response, clock) = (exchange.Request, exchange.FinalResponse, Text.Clock);
        var (seconds, nanoseconds) = clock.TimeOfDay(exchange.Started, exchange.Ended);
        line.Raw("{\"start_time\":\""u8);
        line.Time(seconds, nanoseconds, nanosecondDigits: 3);
        line.Raw("\","u8);
        line.Raw(connection.Endpoints);
        line.Raw(",\"protocol\":\""u8);
        line.Raw(ProtocolOf(request.Version));
        line.Raw("\",\"response_code\":"u8);
        line.Number(response?.Status ?? 0);
        line.Raw(",\"response_flags\":\""u8);
        line.Raw(FlagOf(exchange.Outcome));
        line.Raw("\",\"bytes_received\":"u8);
        line.Number(exchange.RequestBytes);
        line.Raw(",\"bytes_sent\":"u8);
        line.Number(exchange.ResponseBytes);
        line.Raw(",\"duration\":"u8);
        line.Number(Math.Max(0, clock.Nanoseconds(exchange.Started, exchange.Ended)) / NanosecondsAMillisecond);
        if (response is not null)
        {
            // A text, as Envoy takes it from a field.
            line.Raw(",\"upstream_service_time\":\""u8);
            line.Number(Math.Max(0, clock.Nanoseconds(exchange.Requested, exchange.Responded)) / NanosecondsAMillisecond);
            line.Raw("\""u8);
        }

        if (exchange.Grpc is { Status: { } status })
        {
            line.Raw(",\"grpc_status\":\""u8);
            line.Ascii(SemanticNames.GrpcStatusOf(status));
            line.Raw("\""u8);
        }

        if (Text.HasExt)
            line.Raw(connection.Connection);
        KeepRoom(line);
        line.Raw(",\"method\":\""u8);
        line.Text(request.Method);
        line.Raw("\",\"path\":\""u8);
        Text.Url(line, request.Target);
        line.Raw("\""u8);
        Text.Field(line, request, request.Version == Observation.HttpVersion.Http2 ? ":authority"u8 : "host"u8, ",\"authority\":\""u8);
        Text.Field(line, request, "user-agent"u8, ",\"user_agent\":\""u8);
        Text.Field(line, request, "x-request-id"u8, ",\"request_id\":\""u8);
        Text.Field(line, request, "x-forwarded-for"u8, ",\"x_forwarded_for\":\""u8);
        if (Text.HasExt && IsCut(line, exchange))
            line.Raw(",\"truncated\":true"u8);
        line.Raw("}\n"u8);
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin)
    {
        line.Raw("\"downstream_remote_address\":\""u8);
        WriteEndPoint(line, NetworkAddress.Canonical(origin.Client.EndPoint));
        line.Raw("\",\"upstream_host\":\""u8);
        WriteEndPoint(line, NetworkAddress.Canonical(origin.Server));
        line.Raw("\""u8);
        // Istio names only the clusters of outbound proxies by their service.
        if (origin is { Role: SidecarRole.Outbound, Names.Server.Service: { } service })
        {
            line.Raw(",\"upstream_cluster\":\"outbound|"u8);
            line.Number(origin.Server.Port);
            line.Raw("||"u8);
            WriteName(line, $"{service.Name}.{service.Namespace}.svc.cluster.local");
            line.Raw("\""u8);
        }
    }

    private static void WriteEndPoint(JsonLine line, IPEndPoint endPoint) => line.Ascii(endPoint.ToString());

    // Envoy's response flags: downstream connection termination, upstream connection termination, stream idle timeout.
    private static ReadOnlySpan<byte> FlagOf(ExchangeOutcome outcome) => outcome switch
    {
        ExchangeOutcome.Completed => "-"u8,
        ExchangeOutcome.ClientReset => "DC"u8,
        ExchangeOutcome.ServerReset => "UC"u8,
        ExchangeOutcome.Timeout => "SI"u8,
        _ => "-"u8,
    };
}
