using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>
/// A message of OTLP: its fields by the names that they have in OTLP's JSON (opentelemetry-proto, *.proto). By it a message in JSON becomes one
/// in protobuf; fields that it does not have are left out.
/// </summary>
internal sealed class OtlpMessage
{
    private static readonly OtlpMessage AnyValue = MakeAnyValue();
    private static readonly OtlpMessage Attribute = new(Text("key", 1), Nested("value", 2, AnyValue));
    private static readonly OtlpMessage Resource = new(Nested("attributes", 1, Attribute));
    private static readonly OtlpMessage Scope = new(Text("name", 1));
    private static readonly OtlpMessage Status = new(Number("code", 3));

    private static readonly OtlpMessage Span = new(
        Id("traceId", 1), Id("spanId", 2), Text("traceState", 3), Id("parentSpanId", 4), Text("name", 5), Number("kind", 6),
        Fixed64("startTimeUnixNano", 7), Fixed64("endTimeUnixNano", 8), Nested("attributes", 9, Attribute), Nested("status", 15, Status), Fixed32("flags", 16));

    private static readonly OtlpMessage LogRecord = new(
        Fixed64("timeUnixNano", 1), Number("severityNumber", 2), Text("severityText", 3), Nested("body", 5, AnyValue), Nested("attributes", 6, Attribute),
        Fixed32("flags", 8), Id("traceId", 9), Id("spanId", 10), Fixed64("observedTimeUnixNano", 11), Text("eventName", 12));

    private Field[] _fields;

    private OtlpMessage(params Field[] fields) => _fields = fields;

    /// <summary>A request to take spans.</summary>
    public static OtlpMessage TraceRequest { get; } = RequestOf(OtlpSignal.Traces, Span);

    /// <summary>A request to take log records.</summary>
    public static OtlpMessage LogsRequest { get; } = RequestOf(OtlpSignal.Logs, LogRecord);

    /// <summary>Makes protobuf of JSON.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<byte> json)
    {
        var writer = new ProtobufWriter(json.Length);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        Write(ref reader, writer);
        return writer.Written;
    }

    private void Write(ref Utf8JsonReader json, ProtobufWriter writer)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = Find(ref json);
            json.Read();
            if (field is null)
            {
                json.Skip();
            }
            else if (json.TokenType != JsonTokenType.StartArray)
            {
                Write(ref json, writer, field);
            }
            else
            {
                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                    Write(ref json, writer, field);
            }
        }
    }

    private Field? Find(ref Utf8JsonReader json)
    {
        foreach (var field in _fields)
        {
            if (json.ValueTextEquals(field.Name))
                return field;
        }

        return null;
    }

    private static void Write(ref Utf8JsonReader json, ProtobufWriter writer, Field field)
    {
        switch (field.Kind)
        {
            case Kind.Number:
                writer.Number(field.Number, json.TokenType == JsonTokenType.True ? 1 : (ulong)NumberOf(ref json));
                break;
            case Kind.Fixed64:
                writer.Fixed64(field.Number, (ulong)NumberOf(ref json));
                break;
            case Kind.Fixed32:
                writer.Fixed32(field.Number, (uint)NumberOf(ref json));
                break;
            default:
                var start = writer.Begin(field.Number);
                if (field.Kind == Kind.Nested)
                    field.Message!.Write(ref json, writer);
                else
                    writer.Advance(field.Kind == Kind.Text ? json.CopyString(writer.Room(json.ValueSpan.Length)) : IdOf(ref json, writer.Room(json.ValueSpan.Length)));
                writer.End(start);
                break;
        }
    }

    // 64-bit numbers are texts in protobuf's JSON.
    private static long NumberOf(ref Utf8JsonReader json) => Utf8Parser.TryParse(json.ValueSpan, out long number, out _) ? number : 0;

    // Hexadecimal digits in OTLP's JSON.
    private static int IdOf(ref Utf8JsonReader json, Span<byte> room)
    {
        Convert.FromHexString(json.ValueSpan, room, out _, out var length);
        return length;
    }

    // Arrays have values, and values can be arrays.
    private static OtlpMessage MakeAnyValue()
    {
        var array = new OtlpMessage();
        var value = new OtlpMessage(Text("stringValue", 1), Number("boolValue", 2), Number("intValue", 3), Nested("arrayValue", 5, array));
        array._fields = [Nested("values", 1, value)];
        return value;
    }

    private static OtlpMessage RequestOf(OtlpSignal signal, OtlpMessage record) => new(Nested(
        signal.Resources, 1, new OtlpMessage(Nested("resource", 1, Resource), Nested(signal.Scopes, 2, new OtlpMessage(Nested("scope", 1, Scope), Nested(signal.Records, 2, record))))));

    private static Field Text(string name, int number) => new(name, number, Kind.Text);

    private static Field Id(string name, int number) => new(name, number, Kind.Id);

    private static Field Number(string name, int number) => new(name, number, Kind.Number);

    private static Field Fixed64(string name, int number) => new(name, number, Kind.Fixed64);

    private static Field Fixed32(string name, int number) => new(name, number, Kind.Fixed32);

    private static Field Nested(string name, int number, OtlpMessage message) => new(name, number, Kind.Nested) { Message = message };

    private enum Kind
    {
        Text,
        Id,
        Number,
        Fixed64,
        Fixed32,
        Nested,
    }

    private sealed class Field(string name, int number, Kind kind)
    {
        public byte[] Name { get; } = Encoding.ASCII.GetBytes(name);

        public int Number => number;

        public Kind Kind => kind;

        public OtlpMessage? Message { get; init; }
    }
}
