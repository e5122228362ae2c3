using System.Text;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Command;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes lines of another format, each with a key before it, for outputs that have keys. A NUL, which no JSON has, parts the two.</summary>
/// <param name="inner">The format of the lines.</param>
/// <param name="text">The texts of peers, with the user's rules.</param>
/// <param name="key">The records that share a key.</param>
internal sealed class KeyedFormat(RecordFormat inner, RecordText text, RecordKey key) : RecordFormat(text)
{
    private const byte Divider = 0;

    /// <summary>A line's key, which may be empty, and its record.</summary>
    public static (ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Record) Split(ReadOnlyMemory<byte> line)
    {
        var divider = line.Span.IndexOf(Divider);
        return divider < 0 ? (default, line) : (line[..divider], line[(divider + 1)..]);
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ClientField => default;

    /// <inheritdoc/>
    public override RecordWriter For(in ExchangeOrigin origin) => new(this, origin.Process, KeyOf(origin), []) { Inner = inner.For(origin) };

    /// <inheritdoc/>
    public override int Write(JsonLine line, RecordWriter connection, Exchange exchange)
    {
        if (key == RecordKey.Path)
            line.Raw(Encoding.UTF8.GetBytes(string.Concat(PathTemplate.Of(Encoding.Latin1.GetString(exchange.Request.Target)).Select(c => char.IsControl(c) ? '?' : c))));
        else
            line.Raw(connection.Endpoints);
        line.Raw([Divider]);
        return connection.Inner!.Write(line, exchange);
    }

    /// <inheritdoc/>
    protected override void WriteEndpoints(JsonLine line, in ExchangeOrigin origin)
    {
    }

    /// <inheritdoc/>
    protected override void WriteConnection(JsonLine line, in ExchangeOrigin origin)
    {
    }

    private byte[] KeyOf(in ExchangeOrigin origin) => key switch
    {
        RecordKey.Connection => Encoding.UTF8.GetBytes(origin.Id.ToString()),
        RecordKey.Client => Encoding.UTF8.GetBytes(origin.Client.Host.ToString()),
        _ => [],
    };
}
