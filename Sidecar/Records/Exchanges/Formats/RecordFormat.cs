using System.Net;
using System.Net.Sockets;
using System.Text;
using Chassis.Net;
using Chassis.Records;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Owners;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>A format of records. One instance serves all connections, on any thread.</summary>
/// <param name="text">The texts of peers, with the user's rules.</param>
internal abstract class RecordFormat(RecordText text)
{
    private const int ResponseShare = 4;

    // For the rest of a line behind its last text.
    private const int AroundEnd = 64;

    /// <summary>A writer for the records of one connection.</summary>
    /// <param name="origin">The connection.</param>
    /// <param name="key">The records that share a key.</param>
    public RecordWriter For(in ExchangeOrigin origin, RecordKey key = RecordKey.None) =>
        new(
            this, LineKey.Of(key, origin), origin.Process, Written(WriteEndpoints, origin), Text.HasExt ? Written(WriteConnection, origin) : [],
            origin.Names is null ? [] : Written(WriteNames, origin), TextOf(origin, origin.Process, ServerProcess), TextOf(origin, origin.ClientProcess, ClientProcess));

    /// <summary>The sender of a line of this format, for <see cref="LineSender"/>.</summary>
    public UInt128 SenderOf(ReadOnlySpan<byte> line) => LineClient.Of(line, ClientField);

    /// <summary>Writes a line, with its line feed, on the event loop: it neither waits nor allocates.</summary>
    public abstract void Write(JsonLine line, RecordWriter connection, Exchange exchange);

    /// <summary>The texts of peers, with the user's rules.</summary>
    protected RecordText Text { get; } = text;

    /// <summary>The characters before the client's address, which is among the first 192 bytes of a line; empty if lines need no sender.</summary>
    protected abstract ReadOnlySpan<byte> ClientField { get; }

    /// <summary>Writes the part with the addresses, the same in all records of a connection.</summary>
    protected abstract void WriteEndpoints(JsonLine line, in ExchangeOrigin origin);

    /// <summary>The words around the sidecar's own names of a connection, the same in all its records.</summary>
    protected abstract ConnectionWords Words { get; }

    /// <summary>The words around what is known of the server's process, beside its number; null if lines do not have it.</summary>
    protected virtual ProcessWords? ServerProcess => null;

    /// <summary>The words around what is known of the client's process; null if lines do not have it.</summary>
    protected virtual ProcessWords? ClientProcess => null;

    /// <summary>Writes addresses and ports, up to the number of the process.</summary>
    protected void WriteAddresses(JsonLine line, in ExchangeOrigin origin, AddressWords words)
    {
        var (client, server) = (NetworkAddress.Canonical(origin.Client.EndPoint), NetworkAddress.Canonical(origin.Server));
        line.Raw(words.Client);
        WriteAddress(line, client.Address);
        line.Raw(words.ClientPort);
        line.Number(client.Port);
        line.Raw(words.PortEnd);
        if (origin.Names is { } names)
            WriteNames(line, "client", names.Client);
        line.Raw(words.Server);
        WriteAddress(line, server.Address);
        line.Raw(words.ServerPort);
        line.Number(server.Port);
        line.Raw(words.PortEnd);
        if (origin.Names is { } others)
            WriteNames(line, "server", others.Server);
        line.Raw(words.NetworkType);
        line.Raw(server.AddressFamily == AddressFamily.InterNetwork ? "ipv4"u8 : "ipv6"u8);
        line.Raw(words.Process);
    }

    /// <summary>Writes Kubernetes' names of one end behind its port, in formats with <see cref="AddressWords"/>.</summary>
    /// <param name="line">The line.</param>
    /// <param name="end"><c>client</c> or <c>server</c>.</param>
    /// <param name="names">Its names.</param>
    protected virtual void WriteNames(JsonLine line, string end, EndNames names)
    {
    }

    /// <summary>Writes the part with Kubernetes' names that are not among the addresses, if a connection has names.</summary>
    protected virtual void WriteNames(JsonLine line, in ExchangeOrigin origin)
    {
    }

    /// <summary>The content of a string with one of Kubernetes' names.</summary>
    protected static void WriteName(JsonLine line, string name) => line.Text(Encoding.UTF8.GetBytes(name));

    /// <summary>Writes a part with a process; nothing for null.</summary>
    protected static void WriteProcess(JsonLine line, ProcessText? process)
    {
        if (process is not null)
            line.Late(process);
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

    private void WriteConnection(JsonLine line, in ExchangeOrigin origin)
    {
        line.Raw(Words.Id);
        line.Text(Encoding.UTF8.GetBytes(origin.Id.ToString()));
        line.Raw(Words.Role);
        line.Ascii(origin.Role.Word());
        if (Words.Transform.Length > 0 && BoundedText.Of(origin.Transform) is { } transform)
        {
            line.Raw(Words.Transform);
            line.Text(Encoding.UTF8.GetBytes(transform));
        }

        line.Raw(Words.Outcome);
    }

    private static ProcessText? TextOf(in ExchangeOrigin origin, LocalProcess? process, ProcessWords? words) =>
        origin.ClientProcess is null || process is null || words is null ? null : new ProcessText(process, words);

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
