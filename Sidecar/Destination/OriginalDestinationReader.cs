using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Sidecar.Destination;

/// <summary>Asks the kernel's connection tracking where a redirected connection wanted to go.</summary>
internal static class OriginalDestinationReader
{
    // linux/in.h, linux/in6.h, linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h
    private const int SolIp = 0;
    private const int SolIpv6 = 41;
    private const int SoOriginalDst = 80;
    private const int SockaddrInLength = 16;
    private const int SockaddrIn6Length = 28;

    /// <summary>The original destination, or null when the kernel knows none (no redirection, no conntrack, not Linux).</summary>
    public static OriginalDestination? Read(ConnectionContext connection) =>
        OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket }
            ? Read(socket)
            : null;

    private static OriginalDestination? Read(Socket socket)
    {
        Span<byte> sockaddr = stackalloc byte[SockaddrIn6Length];
        // A v4-mapped peer of a dual-stack socket was redirected by iptables, not by ip6tables.
        var isV6 = socket.RemoteEndPoint is IPEndPoint { Address: { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } };
        try
        {
            var length = socket.GetRawSocketOption(isV6 ? SolIpv6 : SolIp, SoOriginalDst, sockaddr);
            return Parse(sockaddr[..length], isV6);
        }
        catch (SocketException)
        {
            // ENOENT: conntrack knows no such connection. ENOPROTOOPT: conntrack is not loaded. Either way there is none.
            return null;
        }
    }

    /// <summary>Reads a sockaddr_in or sockaddr_in6: family, port (big endian), then the address.</summary>
    internal static OriginalDestination? Parse(ReadOnlySpan<byte> sockaddr, bool isV6)
    {
        if (sockaddr.Length < (isV6 ? SockaddrIn6Length : SockaddrInLength))
            return null;
        var port = BinaryPrimitives.ReadUInt16BigEndian(sockaddr[2..]);
        // Behind the port a sockaddr_in6 has four bytes of flow label, then sixteen of address and four of scope.
        var address = isV6
            ? new IPAddress(sockaddr.Slice(8, 16), MemoryMarshal.Read<uint>(sockaddr[24..]))
            : new IPAddress(sockaddr.Slice(4, 4));
        return new OriginalDestination(new IPEndPoint(NetworkAddress.Canonical(address), port));
    }
}
