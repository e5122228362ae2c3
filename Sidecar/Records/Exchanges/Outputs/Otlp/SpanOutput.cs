using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using System.Text.Json;
using Chassis;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>Sends spans by OTLP/HTTP in JSON (opentelemetry-proto, docs/specification.md): lines are spans already, so that a request only joins them.</summary>
internal sealed class SpanOutput : HttpOutput
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly byte[] _start;

    /// <param name="options">The collector.</param>
    /// <param name="authorities">The authorities to trust; null for the system's.</param>
    /// <param name="context">The format, the clock and the log.</param>
    public SpanOutput(OtlpOutput options, X509Certificate2Collection? authorities, OutputContext context)
        : base(options.Description, context, Client(options.Url, authorities, options.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null)) =>
        _start = [
            .. "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\""u8,
            .. JsonEncodedText.Encode(options.Service, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes,
            .. "\"}}"u8,
            .. context.Resource?.SelectMany(AttributeOf) ?? [],
            .. "]},\"scopeSpans\":[{\"scope\":{\"name\":\"sidecar\"},\"spans\":["u8];

    private static byte[] AttributeOf(KeyValuePair<string, string> attribute) =>
    [
        .. ",{\"key\":\""u8, .. JsonEncodedText.Encode(attribute.Key, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes,
        .. "\",\"value\":{\"stringValue\":\""u8, .. JsonEncodedText.Encode(attribute.Value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, .. "\"}}"u8,
    ];

    private static ReadOnlySpan<byte> End => "]}]}]}"u8;

    /// <inheritdoc/>
    public override ValueTask<int> SendAsync(LineBatch batch) => SendAllAsync(new Spans(batch.Lines, batch.Count), static spans => spans.Count, SendAsync);

    private async Task<Spans> SendAsync(Spans spans, CancellationToken cancel)
    {
        using var content = Compressed(Body(spans.Lines.Span), Json);
        using var response = await Http.PostAsync(new Uri("v1/traces", UriKind.Relative), content, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.IsSuccessStatusCode)
        {
            if (RejectedIn(body) is ( > 0 and var rejected, var reason))
                Refuse((int)Math.Min(rejected, spans.Count), reason);
            else
                Succeed();
            return default;
        }

        // Those that the specification has sent again; the others will be the same next time.
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
        {
            await WaitAsync($"{(int)response.StatusCode} {Shown(body)}", response.Headers.RetryAfter?.Delta);
            return spans;
        }

        Refuse(spans.Count, $"{(int)response.StatusCode} {Shown(body)}");
        return default;
    }

    private byte[] Body(ReadOnlySpan<byte> lines)
    {
        var body = new ArrayBufferWriter<byte>(_start.Length + lines.Length + End.Length);
        body.Write(_start);
        // A comma between two spans is where a line feed was; no JSON has another one.
        body.Write(lines[..^1]);
        body.Write(End);
        var bytes = body.WrittenSpan.ToArray();
        bytes.AsSpan(_start.Length, lines.Length - 1).Replace((byte)'\n', (byte)',');
        return bytes;
    }

    // {"partialSuccess":{"rejectedSpans":"2","errorMessage":"..."}}; the number may be a text.
    private static (long Count, string Reason) RejectedIn(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body.Length == 0 ? "{}"u8.ToArray() : body);
            if (!json.RootElement.TryGetProperty("partialSuccess", out var partial) || !partial.TryGetProperty("rejectedSpans", out var rejected))
                return (0, "");
            var count = rejected.ValueKind == JsonValueKind.String ? long.Parse(rejected.GetString()!) : rejected.GetInt64();
            return (count, partial.TryGetProperty("errorMessage", out var message) ? OneLine.Of(message.GetString() ?? "") : "rejected");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            // A success is one, whatever a proxy has written behind it.
            return (0, "");
        }
    }

    private readonly record struct Spans(ReadOnlyMemory<byte> Lines, int Count);
}
