using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes the records of one connection in one format: their common parts are made only once.</summary>
/// <param name="format">The format.</param>
/// <param name="key">The key before each line; null for none.</param>
/// <param name="process">The process at the local end.</param>
/// <param name="endpoints">The part with the addresses.</param>
/// <param name="connection">The part with the sidecar's own names; empty without them.</param>
internal sealed class RecordWriter(RecordFormat format, LineKey? key, LocalProcess process, byte[] endpoints, byte[] connection)
{
    /// <summary>The process at the local end.</summary>
    public LocalProcess Process => process;

    /// <summary>The part with the addresses.</summary>
    public byte[] Endpoints => endpoints;

    /// <summary>The part with the sidecar's own names; empty without them.</summary>
    public byte[] Connection => connection;

    /// <summary>Writes a line, with its key; returns as <see cref="RecordFormat.Write"/> does.</summary>
    public int Write(JsonLine line, Exchange exchange)
    {
        key?.Write(line, exchange);
        return format.Write(line, this, exchange);
    }
}
