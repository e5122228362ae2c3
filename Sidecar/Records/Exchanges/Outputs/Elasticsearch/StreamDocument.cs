using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>
/// A record as a data stream takes it: with a field <c>@timestamp</c>. A record that does not have it gets a copy of its own time, with
/// which each format begins.
/// </summary>
internal static class StreamDocument
{
    /// <summary>The field that each document of a data stream has.</summary>
    public const string Time = "@timestamp";

    private const string Wrapped = "protoMessage";

    /// <summary>Writes the document.</summary>
    /// <param name="body">Gets it.</param>
    /// <param name="line">The record, with its line feed.</param>
    public static void Write(IBufferWriter<byte> body, ReadOnlySpan<byte> line)
    {
        // No final block: what is behind the time is not looked at.
        var reader = new Utf8JsonReader(line, isFinalBlock: false, state: default);
        if (reader.Read() && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !reader.ValueTextEquals(Time))
        {
            // perisco's record with names has the record without them as its first value.
            if (reader.ValueTextEquals(Wrapped))
                _ = reader.Read() && reader.Read();
            reader.Read();
            var time = reader.TokenType == JsonTokenType.String ? Encoding.UTF8.GetString(reader.ValueSpan) : Parts(ref reader);
            Encoding.UTF8.GetBytes($$"""{"{{Time}}":"{{time}}",""", body);
            // Without its brace.
            line = line[1..];
        }

        body.Write(line);
    }

    // {"seconds":1,"nanos":2}, as protobuf has it; a zero may be missing.
    private static string Parts(ref Utf8JsonReader reader)
    {
        var (seconds, nanoseconds) = (0L, 0L);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ref var part = ref reader.ValueTextEquals("seconds"u8) ? ref seconds : ref nanoseconds;
            if (reader.Read() && reader.TokenType == JsonTokenType.Number)
                part = reader.GetInt64();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(seconds):yyyy-MM-dd'T'HH:mm:ss}.{nanoseconds:d9}Z");
    }
}
