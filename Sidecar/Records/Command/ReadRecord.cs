using System.Text.Json;

namespace Sidecar.Records.Command;

/// <summary>The parts of a record of the format <c>perisco</c> that are read.</summary>
/// <param name="Time">Start of the request.</param>
/// <param name="Protocol">HTTP/1.0, HTTP/1.1 or HTTP/2.</param>
/// <param name="Method">The request's method.</param>
/// <param name="Target">The request's target.</param>
/// <param name="Status">The response's status; null without a response.</param>
/// <param name="Latency">From the request's head to the response's; null without a response.</param>
internal sealed record ReadRecord(DateTimeOffset Time, string Protocol, string Method, string Target, int? Status, TimeSpan? Latency)
{
    private const int NanosecondsPerTick = 100;

    /// <summary>The connection's id; null without <c>ext</c>, as for all below.</summary>
    public string? Connection { get; init; }

    public string? Outcome { get; init; }

    public long? RequestBytes { get; init; }

    public long? ResponseBytes { get; init; }

    public int? GrpcStatus { get; init; }

    /// <summary>Whether it is a gRPC call.</summary>
    public bool IsGrpc { get; init; }

    /// <summary>
    /// Whether sampling never leaves it out: a status of 400 or more, a gRPC call without status 0, an exchange that was not completed.
    /// </summary>
    public bool IsError => Status is null or >= 400 || (IsGrpc && GrpcStatus is not 0) || Outcome is not (null or "completed");

    /// <summary>Reads a line; null if it is not the record of an exchange.</summary>
    public static ReadRecord? TryParse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            // With names of Kubernetes, the record is inside another object.
            return Read(json.RootElement.TryGetProperty("protoMessage", out var inner) ? inner : json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException)
        {
            // Not JSON, another type than expected, a number out of range, or a missing key.
            return null;
        }
    }

    private static ReadRecord Read(JsonElement record)
    {
        var l7 = record.GetProperty("l7");
        var request = Message(l7.GetProperty("request"));
        var ts = record.GetProperty("ts");
        int? status = l7.TryGetProperty("response", out var response) ? Message(response).GetProperty("code").GetInt32() : null;
        var read = new ReadRecord(
            DateTimeOffset.FromUnixTimeSeconds(Number(ts, "seconds") ?? 0).AddTicks((Number(ts, "nanos") ?? 0) / NanosecondsPerTick),
            Text(request, "protocol") ?? "",
            Text(request, "method") ?? "",
            Text(request, "url") ?? "",
            status,
            status is null ? null : TimeSpan.FromTicks((Number(l7, "latency_ns") ?? 0) / NanosecondsPerTick));
        return record.TryGetProperty("ext", out var ext) ? read.With(ext) : read;
    }

    private static JsonElement Message(JsonElement side) => side.GetProperty("Record").GetProperty("Http");

    private static long? Number(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetString() : null;

    private ReadRecord With(JsonElement ext) => this with
    {
        Connection = Text(ext, "conn_id"),
        Outcome = Text(ext, "outcome"),
        RequestBytes = Number(ext, "request_bytes"),
        ResponseBytes = Number(ext, "response_bytes"),
        GrpcStatus = (int?)Number(ext, "grpc_status"),
        IsGrpc = ext.TryGetProperty("grpc_request_messages", out _),
    };
}
