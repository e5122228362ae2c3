using System.Net;
using System.Net.Sockets;
using System.Text;
using ByteFilters;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges;

/// <summary>What all exchanges of one connection have in common, as parts of their records.</summary>
internal sealed class ExchangeOrigin
{
    /// <param name="id">The connection's name.</param>
    /// <param name="role">Of this sidecar.</param>
    /// <param name="transform">Of the connection's bytes; null for none.</param>
    /// <param name="client">The client, as this side knows it.</param>
    /// <param name="server">The original destination; the upstream where that is a name.</param>
    /// <param name="process">Behind the local end.</param>
    public ExchangeOrigin(ConnectionId id, SidecarRole role, TransformExpression? transform, IPEndPoint client, IPEndPoint server, LocalProcess process)
    {
        Process = process;
        Endpoints = WriteEndpoints(NetworkAddress.Canonical(client), NetworkAddress.Canonical(server));
        Connection = WriteConnection(id, role, BoundedText.Of(transform));
    }

    /// <summary>Who has the local end.</summary>
    public LocalProcess Process { get; }

    /// <summary>What its records may come to; null for no limit.</summary>
    public RecordBudget? Budget { get; init; }

    /// <summary>From behind the process to the beginning of <c>l7</c>.</summary>
    public byte[] Endpoints { get; }

    /// <summary>The beginning of <c>ext</c>, up to the outcome.</summary>
    public byte[] Connection { get; }

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

    private static byte[] WriteConnection(ConnectionId id, SidecarRole role, string? transform)
    {
        var line = new JsonLine();
        line.Raw(",\"ext\":{\"conn_id\":\""u8);
        line.Text(Encoding.UTF8.GetBytes(id.ToString()));
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
