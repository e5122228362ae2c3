using System.Globalization;
using System.Net.Http.Headers;
using Chassis;
using Sidecar.Telemetry;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>The answer to a call of OTLP/gRPC: its status and details are in the trailers, or in the head of an answer without a body.</summary>
internal static class GrpcAnswer
{
    /// <summary>The bytes before a message: whether it is compressed, and its length.</summary>
    public const int PrefixLength = 5;

    private const int ResourceExhausted = 8;

    // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS (docs/specification.md, "Failures").
    private static readonly int[] Passing = [1, 4, 10, 11, 14, 15];

    /// <summary>Reads it.</summary>
    /// <param name="response">The response, with its trailers.</param>
    /// <param name="body">Its body.</param>
    public static ExportAnswer Of(HttpResponseMessage response, byte[] body)
    {
        // From a proxy.
        if (!response.IsSuccessStatusCode)
            return ExportAnswer.OfHttp(response, body, rejected: null);
        var last = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        if (!int.TryParse(Find(last, "grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            return ExportAnswer.Refused("the answer has no gRPC status");
        if (status == 0)
            return ExportAnswer.OfMessage(body.AsSpan(Math.Min(PrefixLength, body.Length)));
        var reason = OneLine.Start($"{SemanticNames.GrpcStatusOf(status)} {Uri.UnescapeDataString(Find(last, "grpc-message") ?? "")}".TrimEnd());
        var wait = WaitIn(Find(last, "grpc-status-details-bin"));
        // Without a time to wait, a resource is exhausted for good: the request is too large, for example.
        return Passing.Contains(status) || (status == ResourceExhausted && wait is not null) ? ExportAnswer.Later(reason, wait) : ExportAnswer.Refused(reason);
    }

    // google.rpc.RetryInfo among the details of a google.rpc.Status; null if there is none.
    private static TimeSpan? WaitIn(string? details)
    {
        if (details is null)
            return null;
        // Base64, of which the padding may be missing.
        var status = new byte[details.Length];
        if (!Convert.TryFromBase64String(details.TrimEnd('=') + new string('=', (4 - (details.TrimEnd('=').Length % 4)) % 4), status, out var length))
            return null;
        for (var reader = new ProtobufReader(status.AsSpan(0, length)); reader.Read();)
        {
            // details
            if (reader.Field == 3 && WaitIn(reader.Bytes) is { } wait)
                return wait;
        }

        return null;
    }

    // google.protobuf.Any
    private static TimeSpan? WaitIn(ReadOnlySpan<byte> any)
    {
        var isRetryInfo = false;
        ReadOnlySpan<byte> value = default;
        for (var reader = new ProtobufReader(any); reader.Read();)
        {
            if (reader.Field == 1)
                isRetryInfo = reader.Bytes.EndsWith("/google.rpc.RetryInfo"u8);
            else if (reader.Field == 2)
                value = reader.Bytes;
        }

        if (!isRetryInfo)
            return null;
        for (var reader = new ProtobufReader(value); reader.Read();)
        {
            // retry_delay
            if (reader.Field == 1)
                return DurationOf(reader.Bytes);
        }

        return TimeSpan.Zero;
    }

    // google.protobuf.Duration
    private static TimeSpan DurationOf(ReadOnlySpan<byte> duration)
    {
        var (seconds, nanoseconds) = (0L, 0L);
        for (var reader = new ProtobufReader(duration); reader.Read();)
        {
            if (reader.Field == 1)
                seconds = reader.Number;
            else if (reader.Field == 2)
                nanoseconds = reader.Number;
        }

        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue)) + TimeSpan.FromMicroseconds(Math.Clamp(nanoseconds, 0, 1_000_000_000) / 1000);
    }

    private static string? Find(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.First() : null;
}
