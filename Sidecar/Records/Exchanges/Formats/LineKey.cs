using System.Text;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Command;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The key before each line of a connection, for outputs that have keys. A NUL, which no JSON has, parts the two.</summary>
internal sealed class LineKey
{
    private const byte Divider = 0;

    // A longer path shares its key with others; the line has its room for the record.
    private const int LongestPath = 256;

    // Null for the path of each exchange.
    private readonly byte[]? _ofConnection;

    private LineKey(byte[]? ofConnection) => _ofConnection = ofConnection;

    /// <summary>The key of a connection's lines; null for none.</summary>
    /// <param name="key">The records that share a key.</param>
    /// <param name="origin">The connection.</param>
    public static LineKey? Of(RecordKey key, in ExchangeOrigin origin) => key switch
    {
        RecordKey.Connection => new LineKey(Encoding.UTF8.GetBytes(origin.Id.ToString())),
        RecordKey.Client => new LineKey(Encoding.UTF8.GetBytes(origin.Client.Host.ToString())),
        RecordKey.Path => new LineKey(null),
        _ => null,
    };

    /// <summary>A line's key, which may be empty, and its record.</summary>
    public static (ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Record) Split(ReadOnlyMemory<byte> line)
    {
        var divider = line.Span.IndexOf(Divider);
        return divider < 0 ? (default, line) : (line[..divider], line[(divider + 1)..]);
    }

    /// <summary>Writes it before an exchange's line.</summary>
    public void Write(JsonLine line, Exchange exchange)
    {
        line.Raw(_ofConnection ?? Encoding.UTF8.GetBytes(PathOf(exchange)));
        line.Raw([Divider]);
    }

    // This allocates, alone of all that writes a record.
    private static string PathOf(Exchange exchange)
    {
        var path = PathFilter.PathOf(exchange.Request.Target);
        return string.Concat(PathTemplate.Of(Encoding.Latin1.GetString(path[..Math.Min(path.Length, LongestPath)])).Select(c => char.IsControl(c) ? '?' : c));
    }
}
