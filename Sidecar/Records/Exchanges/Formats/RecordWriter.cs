using Sidecar.Observation;
using Sidecar.Owners;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes the records of one connection in one format: their common parts are made only once.</summary>
/// <param name="format">The format.</param>
/// <param name="key">The key before each line; null for none.</param>
/// <param name="process">The process at the local end.</param>
/// <param name="endpoints">The part with the addresses.</param>
/// <param name="connection">The part with the sidecar's own names; empty without them.</param>
/// <param name="names">The part with Kubernetes' names; empty without them.</param>
/// <param name="serverProcess">The part with the server's process, if records name the processes of both ends.</param>
/// <param name="clientProcess">Likewise the client's.</param>
internal sealed class RecordWriter(
    RecordFormat format, LineKey? key, LocalProcess process, byte[] endpoints, byte[] connection, byte[] names, ProcessText? serverProcess, ProcessText? clientProcess)
{
    /// <summary>The process at the local end.</summary>
    public LocalProcess Process => process;

    /// <summary>The part with the addresses.</summary>
    public byte[] Endpoints => endpoints;

    /// <summary>The part with the sidecar's own names; empty without them.</summary>
    public byte[] Connection => connection;

    /// <summary>The part with Kubernetes' names that are not among the addresses; empty without them.</summary>
    public byte[] Names => names;

    /// <summary>The part with the server's process, beside its number; null if records do not have it.</summary>
    public ProcessText? ServerProcess => serverProcess;

    /// <summary>The part with the client's process; null if records do not have it.</summary>
    public ProcessText? ClientProcess => clientProcess;

    /// <summary>The most bytes of both parts.</summary>
    public int ProcessLength => (serverProcess?.MaxLength ?? 0) + (clientProcess?.MaxLength ?? 0);

    /// <summary>Writes a line, with its key.</summary>
    public void Write(JsonLine line, Exchange exchange)
    {
        key?.Write(line, exchange);
        format.Write(line, this, exchange);
    }
}
