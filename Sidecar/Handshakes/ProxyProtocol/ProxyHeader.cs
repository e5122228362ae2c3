using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>
/// Feature: the client of a connection that a proxy passes on, and its destination. v4-mapped addresses as IPv4, without scopes.
/// </summary>
/// <param name="Source">The client.</param>
/// <param name="Destination">
/// The address to which the client connected, as the proxy says: sent to the upstream, but never connected to.
/// </param>
internal sealed record ProxyHeader(IPEndPoint Source, IPEndPoint Destination)
{
    /// <summary>The header for any two socket addresses.</summary>
    public static ProxyHeader Of(IPEndPoint source, IPEndPoint destination) => new(Plain(source), Plain(destination));

    /// <summary>
    /// Whether both addresses are IPv4. A header has one family, so IPv4 beside IPv6 is written v4-mapped, as HAProxy does.
    /// </summary>
    public bool IsV4 => Source.AddressFamily == AddressFamily.InterNetwork && Destination.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>Appends the header to a buffer, in one piece and without flushing.</summary>
    public void WriteTo(IBufferWriter<byte> output, ProxyVersion version)
    {
        if (version == ProxyVersion.V1)
            ProxyHeaderV1.Write(output, this);
        else
            ProxyHeaderV2.Write(output, this);
    }

    // A scope (fe80::1%2) has a meaning only on this host, and neither version has a field for it.
    private static IPEndPoint Plain(IPEndPoint endPoint)
    {
        var address = NetworkAddress.Canonical(endPoint.Address);
        return new IPEndPoint(address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address, endPoint.Port);
    }
}
