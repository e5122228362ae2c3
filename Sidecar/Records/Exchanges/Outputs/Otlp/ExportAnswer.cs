using System.Net;
using System.Text;
using System.Text.Json;
using Chassis;
using Sidecar.Records.Exchanges.Outputs.Http;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>What a collector answered.</summary>
/// <param name="Rejected">Records that it will never take.</param>
/// <param name="IsLater">Whether it will take them later; then none is rejected.</param>
/// <param name="Reason">The reason of either; empty if it has taken all.</param>
/// <param name="Wait">How long it asks to wait; null if it does not.</param>
internal sealed record ExportAnswer(long Rejected, bool IsLater, string Reason, TimeSpan? Wait)
{
    // Of an answer's body as text.
    private const int ShownBytes = 200;

    /// <summary>It has taken all.</summary>
    public static ExportAnswer Taken { get; } = new(0, IsLater: false, "", null);

    /// <summary>It will take none.</summary>
    public static ExportAnswer Refused(string reason) => new(long.MaxValue, IsLater: false, reason, null);

    /// <summary>It will take them later.</summary>
    public static ExportAnswer Later(string reason, TimeSpan? wait) => new(0, IsLater: true, reason, wait);

    /// <summary>The answer by OTLP/HTTP.</summary>
    /// <param name="response">Its head.</param>
    /// <param name="body">Its body.</param>
    /// <param name="rejected">In JSON, the field with the number of rejected records; null in protobuf.</param>
    public static ExportAnswer OfHttp(HttpResponseMessage response, byte[] body, string? rejected)
    {
        if (response.IsSuccessStatusCode)
            return rejected is null ? OfMessage(body) : OfJson(body, rejected);
        var isProtobuf = response.Content.Headers.ContentType?.MediaType == OtlpCall.Protobuf;
        var reason = $"{(int)response.StatusCode} {OneLine.Start(isProtobuf ? StatusMessage(body) : Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, ShownBytes))))}".TrimEnd();
        // Those that the specification has sent again, and those that a change of the collector's configuration mends; others will be the same next time.
        return response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            ? Later(reason, RetryAfter.Of(response.Headers))
            : Refused(reason);
    }

    /// <summary>A message <c>Export…ServiceResponse</c> in protobuf; one that is none counts as empty, because a success is one.</summary>
    public static ExportAnswer OfMessage(ReadOnlySpan<byte> message)
    {
        for (var answer = new ProtobufReader(message); answer.Read();)
        {
            // partial_success
            if (answer.Field != 1)
                continue;
            var (rejected, reason) = (0L, "");
            for (var partial = new ProtobufReader(answer.Bytes); partial.Read();)
            {
                if (partial.Field == 1)
                    rejected = partial.Number;
                else if (partial.Field == 2)
                    reason = Encoding.UTF8.GetString(partial.Bytes);
            }

            return Partial(rejected, reason);
        }

        return Taken;
    }

    /// <summary>The message of a <c>google.rpc.Status</c>; empty if there is none.</summary>
    private static string StatusMessage(ReadOnlySpan<byte> status)
    {
        for (var reader = new ProtobufReader(status); reader.Read();)
        {
            if (reader.Field == 2)
                return Encoding.UTF8.GetString(reader.Bytes);
        }

        return "";
    }

    // {"partialSuccess":{"rejectedSpans":"2","errorMessage":"..."}}; the number may be a text.
    private static ExportAnswer OfJson(byte[] body, string rejected)
    {
        try
        {
            using var json = JsonDocument.Parse(body.Length == 0 ? "{}"u8.ToArray() : body);
            if (!json.RootElement.TryGetProperty("partialSuccess", out var partial) || !partial.TryGetProperty(rejected, out var number))
                return Taken;
            var count = number.ValueKind == JsonValueKind.String ? long.Parse(number.GetString()!) : number.GetInt64();
            return Partial(count, partial.TryGetProperty("errorMessage", out var message) ? message.GetString() : null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            // A success is one, whatever a proxy has written behind it.
            return Taken;
        }
    }

    private static ExportAnswer Partial(long rejected, string? reason) =>
        rejected > 0 ? new(rejected, IsLater: false, string.IsNullOrEmpty(reason) ? "rejected" : OneLine.Start(reason), null) : Taken;
}
