using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Net;
using Sidecar.Transport;

namespace Sidecar.Destination;

/// <summary>Asks the kernel's connection tracking for the original destination of a redirected connection.</summary>
internal static class OriginalDestinationReader
{
    /// <summary>The original destination, or null if the kernel knows none (no redirection, no conntrack, not Linux).</summary>
    public static OriginalDestination? Read(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || connection.RawSocket() is not { } socket)
            return null;
        Span<byte> address = stackalloc byte[KernelAddress.MaxLength];
        // iptables, not ip6tables, has redirected a v4-mapped peer of a dual-stack socket.
        var family = NetworkAddress.Canonical((IPEndPoint)connection.RemoteEndPoint!).AddressFamily;
        // ENOENT: conntrack knows no such connection. ENOPROTOOPT: conntrack is not loaded. In both cases there is no destination.
        var length = socket.GetRawOption(KernelOption.OriginalDestination(family), address);
        return length > 0 && KernelAddress.Read(address[..length]) is { } endPoint ? new OriginalDestination(endPoint) : null;
    }
}
