using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>Feature: whose connection a proxy passes on, and where it was going. v4-mapped addresses as IPv4, without scopes.</summary>
/// <param name="Source">The client.</param>
/// <param name="Destination">What the client connected to, by the word of the proxy: told to the upstream, never connected to.</param>
internal sealed record ProxyHeader(IPEndPoint Source, IPEndPoint Destination)
{
    /// <summary>The header of any two end points of sockets.</summary>
    public static ProxyHeader Of(IPEndPoint source, IPEndPoint destination) => new(Plain(source), Plain(destination));

    /// <summary>Both ends are IPv4; a header has one family, so that IPv4 beside IPv6 is written v4-mapped, as HAProxy does it.</summary>
    public bool IsV4 => Source.AddressFamily == AddressFamily.InterNetwork && Destination.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>Appends the header to a buffer, in one piece and without flushing.</summary>
    public void WriteTo(IBufferWriter<byte> output, ProxyVersion version)
    {
        if (version == ProxyVersion.V1)
            ProxyHeaderV1.Write(output, this);
        else
            ProxyHeaderV2.Write(output, this);
    }

    // A scope (fe80::1%2) means something on this host only, and neither version has a place for it.
    private static IPEndPoint Plain(IPEndPoint endPoint)
    {
        var address = NetworkAddress.Canonical(endPoint.Address);
        return new IPEndPoint(address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address, endPoint.Port);
    }
}
