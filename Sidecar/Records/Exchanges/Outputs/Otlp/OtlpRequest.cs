using System.Buffers;
using System.Text.Json;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>Makes requests of lines, which are records in OTLP's JSON already: in JSON they are only joined.</summary>
internal sealed class OtlpRequest
{
    private readonly OtlpMessage? _message;
    private readonly byte[] _start;

    /// <param name="signal">What the lines are.</param>
    /// <param name="protocol">The protocol, which says in what a request is written.</param>
    /// <param name="resource">The attributes of the resource.</param>
    public OtlpRequest(OtlpSignal signal, OtlpProtocol protocol, IReadOnlyDictionary<string, string> resource)
    {
        _message = protocol == OtlpProtocol.HttpJson ? null : signal == OtlpSignal.Logs ? OtlpMessage.LogsRequest : OtlpMessage.TraceRequest;
        _start = Start(signal, resource);
    }

    private static ReadOnlySpan<byte> End => "]}]}]}"u8;

    /// <summary>A request with lines, of which each has its line feed.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> lines)
    {
        var json = new byte[_start.Length + lines.Length - 1 + End.Length];
        _start.CopyTo(json, 0);
        // A comma between two records is where a line feed was; no JSON has another one.
        lines[..^1].CopyTo(json.AsSpan(_start.Length));
        json.AsSpan(_start.Length).Replace((byte)'\n', (byte)',');
        End.CopyTo(json.AsSpan(^End.Length..));
        return _message is null ? json : _message.Encode(json);
    }

    private static byte[] Start(OtlpSignal signal, IReadOnlyDictionary<string, string> resource)
    {
        var start = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(start, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartArray(signal.Resources);
        json.WriteStartObject();
        json.WriteStartObject("resource");
        json.WriteStartArray("attributes");
        foreach (var (key, value) in resource)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WriteStartObject("value");
            json.WriteString("stringValue", value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray(signal.Scopes);
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", "sidecar");
        json.WriteEndObject();
        json.WriteStartArray(signal.Records);
        json.Flush();
        return start.WrittenSpan.ToArray();
    }
}
