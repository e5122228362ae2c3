using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Net;
using Sidecar.Transport;

namespace Sidecar.Destination;

/// <summary>Asks the kernel's connection tracking where a redirected connection wanted to go.</summary>
internal static class OriginalDestinationReader
{
    /// <summary>The original destination, or null when the kernel knows none (no redirection, no conntrack, not Linux).</summary>
    public static OriginalDestination? Read(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || connection.RawSocket() is not { } socket)
            return null;
        Span<byte> address = stackalloc byte[KernelAddress.MaxLength];
        // A v4-mapped peer of a dual-stack socket was redirected by iptables, not by ip6tables.
        var family = NetworkAddress.Canonical((IPEndPoint)connection.RemoteEndPoint!).AddressFamily;
        // ENOENT: conntrack knows no such connection. ENOPROTOOPT: conntrack is not loaded. Either way there is none.
        var length = socket.GetRawOption(KernelOption.OriginalDestination(family), address);
        return length > 0 && KernelAddress.Read(address[..length]) is { } endPoint ? new OriginalDestination(endPoint) : null;
    }
}
