using System.Net;
using Chassis.Records;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>A format of records. One instance serves all connections, on any thread.</summary>
/// <param name="text">The texts of peers, with the user's rules.</param>
internal abstract class RecordFormat(RecordText text)
{
    private const int ResponseShare = 4;

    // For the rest of a line behind its last text.
    private const int AroundEnd = 64;

    /// <summary>A writer for the records of one connection.</summary>
    public virtual RecordWriter For(in ExchangeOrigin origin) => new(this, origin.Process, Written(WriteEndpoints, origin), Written(WriteConnection, origin));

    /// <summary>The sender of a line of this format, for <see cref="LineSender"/>.</summary>
    public UInt128 SenderOf(ReadOnlySpan<byte> line) => LineClient.Of(line, ClientField);

    /// <summary>Writes a line, with its line feed, on the event loop: it neither waits nor allocates.</summary>
    /// <returns>
    /// Position of the process's number if it is not known yet, with <see cref="LineSink.LateNumberWidth"/> blanks there;
    /// -1 if the number is written already, or has no place.
    /// </returns>
    public abstract int Write(JsonLine line, RecordWriter connection, Exchange exchange);

    /// <summary>The texts of peers, with the user's rules.</summary>
    protected RecordText Text { get; } = text;

    /// <summary>The characters before the client's address, which is among the first 192 bytes of a line.</summary>
    protected abstract ReadOnlySpan<byte> ClientField { get; }

    /// <summary>Writes the part with the addresses, the same in all records of a connection.</summary>
    protected abstract void WriteEndpoints(JsonLine line, in ExchangeOrigin origin);

    /// <summary>Writes the part with the sidecar's own names of the connection, the same in all its records; nothing if the format has none.</summary>
    protected abstract void WriteConnection(JsonLine line, in ExchangeOrigin origin);

    /// <summary>Writes the number of the process, or blanks for it.</summary>
    /// <returns>As <see cref="Write"/> does.</returns>
    protected static int WriteProcess(JsonLine line, LocalProcess process)
    {
        if (process.IsPending)
        {
            line.Blanks(LineSink.LateNumberWidth);
            return line.Length - LineSink.LateNumberWidth;
        }

        line.Number(process.Value);
        return -1;
    }

    /// <summary>Limits the texts that follow, so that this number of bytes has room behind them.</summary>
    protected void KeepRoom(JsonLine line, int behind = 0) => line.TextLimit = Text.MaxLine - AroundEnd - behind;

    /// <summary>The room that a response's fields always have, however long the request is.</summary>
    protected int ResponseShareOf(Exchange exchange) =>
        exchange.FinalResponse is { } response ? Math.Min(response.Bytes.Length, Text.MaxLine / ResponseShare) : 0;

    /// <summary>Whether a part of the exchange is missing in its record.</summary>
    protected static bool IsCut(JsonLine line, Exchange exchange) => line.IsCut || exchange.Request.IsTruncated || exchange.FinalResponse is { IsTruncated: true };

    /// <summary>Writes an address, without its port.</summary>
    protected static void WriteAddress(JsonLine line, IPAddress address) => line.Ascii(address.ToString());

    /// <summary>The version as a start line has it.</summary>
    protected static ReadOnlySpan<byte> ProtocolOf(Observation.HttpVersion version) => version switch
    {
        Observation.HttpVersion.Http10 => "HTTP/1.0"u8,
        Observation.HttpVersion.Http11 => "HTTP/1.1"u8,
        _ => "HTTP/2"u8,
    };

    private delegate void PartWriter(JsonLine line, in ExchangeOrigin origin);

    private static byte[] Written(PartWriter write, in ExchangeOrigin origin)
    {
        var line = new JsonLine();
        write(line, origin);
        var bytes = line.Bytes.ToArray();
        line.Clear();
        return bytes;
    }
}

/// <summary>Writes the records of one connection in one format: their common parts are made only once.</summary>
/// <param name="format">The format.</param>
/// <param name="process">The process at the local end.</param>
/// <param name="endpoints">The part with the addresses.</param>
/// <param name="connection">The part with the sidecar's own names; empty if there is none.</param>
internal sealed class RecordWriter(RecordFormat format, LocalProcess process, byte[] endpoints, byte[] connection)
{
    /// <summary>The process at the local end.</summary>
    public LocalProcess Process => process;

    /// <summary>The part with the addresses.</summary>
    public byte[] Endpoints => endpoints;

    /// <summary>The part with the sidecar's own names; empty if there is none.</summary>
    public byte[] Connection => connection;

    /// <summary>The writer of the record behind a key; null without keys.</summary>
    public RecordWriter? Inner { get; init; }

    /// <summary>Writes a line; returns as <see cref="RecordFormat.Write"/> does.</summary>
    public int Write(JsonLine line, Exchange exchange) => format.Write(line, this, exchange);
}
