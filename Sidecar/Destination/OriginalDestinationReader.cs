using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Sidecar.Transport;
using Sidecar.Transport.Sockets;

namespace Sidecar.Destination;

/// <summary>Asks the kernel's connection tracking where a redirected connection wanted to go.</summary>
internal static class OriginalDestinationReader
{
    // linux/in.h, linux/in6.h, linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h
    private const int SolIp = 0;
    private const int SolIpv6 = 41;
    private const int SoOriginalDst = 80;

    /// <summary>The original destination, or null when the kernel knows none (no redirection, no conntrack, not Linux).</summary>
    public static OriginalDestination? Read(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || SocketOf(connection) is not { } socket)
            return null;
        Span<byte> address = stackalloc byte[KernelAddress.MaxLength];
        // A v4-mapped peer of a dual-stack socket was redirected by iptables, not by ip6tables.
        var isV6 = NetworkAddress.Canonical((IPEndPoint)connection.RemoteEndPoint!).AddressFamily == AddressFamily.InterNetworkV6;
        // ENOENT: conntrack knows no such connection. ENOPROTOOPT: conntrack is not loaded. Either way there is none.
        var length = socket.GetRawOption(isV6 ? SolIpv6 : SolIp, SoOriginalDst, address);
        return length > 0 && KernelAddress.Read(address[..length]) is { } endPoint ? new OriginalDestination(endPoint) : null;
    }

    private static IRawSocket? SocketOf(ConnectionContext connection) =>
        connection as IRawSocket ?? (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket } ? new FrameworkSocket(socket) : null);
}
