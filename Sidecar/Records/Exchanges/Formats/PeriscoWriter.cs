using System.Net;
using System.Net.Sockets;
using System.Text;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>One connection's records in the format <c>perisco</c>: their common part is written only once.</summary>
internal sealed class PeriscoWriter : RecordWriter
{
    private readonly PeriscoFormat _format;

    public PeriscoWriter(PeriscoFormat format, in ExchangeOrigin origin)
    {
        _format = format;
        Process = origin.Process;
        Endpoints = WriteEndpoints(NetworkAddress.Canonical(origin.Client.EndPoint), NetworkAddress.Canonical(origin.Server));
        Connection = WriteConnection(origin.Id.ToString(), origin.Role, BoundedText.Of(origin.Transform));
    }

    /// <summary>The process at the local end.</summary>
    public LocalProcess Process { get; }

    /// <summary>The part from after the process to the start of <c>l7</c>.</summary>
    public byte[] Endpoints { get; }

    /// <summary>The start of <c>ext</c>, up to the outcome.</summary>
    public byte[] Connection { get; }

    /// <inheritdoc/>
    public override int Write(JsonLine line, Exchange exchange) => _format.Write(line, this, exchange);

    private static byte[] WriteEndpoints(IPEndPoint client, IPEndPoint server)
    {
        var line = new JsonLine();
        line.Raw(",\"ip\":{\"client\":\""u8);
        line.Raw(Encoding.ASCII.GetBytes(client.Address.ToString()));
        line.Raw("\",\"server\":\""u8);
        line.Raw(Encoding.ASCII.GetBytes(server.Address.ToString()));
        line.Raw("\",\"ipVersion\":"u8);
        line.Number(client.AddressFamily == AddressFamily.InterNetwork && server.AddressFamily == AddressFamily.InterNetwork ? 1 : 2);
        line.Raw("},\"l4\":{\"Protocol\":{\"TCP\":{\"client_port\":"u8);
        line.Number(client.Port);
        line.Raw(",\"server_port\":"u8);
        line.Number(server.Port);
        line.Raw("}}},\"l7\":{"u8);
        var bytes = line.Bytes.ToArray();
        line.Clear();
        return bytes;
    }

    private static byte[] WriteConnection(string id, SidecarRole role, string? transform)
    {
        var line = new JsonLine();
        line.Raw(",\"ext\":{\"conn_id\":\""u8);
        line.Text(Encoding.UTF8.GetBytes(id));
        line.Raw("\",\"role\":\""u8);
        line.Text(Encoding.UTF8.GetBytes(role.Word()));
        if (transform is not null)
        {
            line.Raw("\",\"transform\":\""u8);
            line.Text(Encoding.UTF8.GetBytes(transform));
        }

        line.Raw("\",\"outcome\":\""u8);
        var bytes = line.Bytes.ToArray();
        line.Clear();
        return bytes;
    }
}
