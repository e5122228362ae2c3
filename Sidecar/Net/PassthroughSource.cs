using System.Net;
using System.Net.Sockets;

namespace Sidecar.Net;

/// <summary>
/// The source address of connections that have passed the sidecar and go to its own pod: iptables' rules leave these alone,
/// so that p2 does not meet itself (127.0.0.6 as Istio's inbound passthrough cluster).
/// </summary>
internal static class PassthroughSource
{
    private static readonly IPAddress V4 = new([127, 0, 0, 6]);

    // Linux has a port of 127.0.0.6 back after a second, but keeps one of an address that is not loopback for a minute
    // (tcp_tw_reuse = 2), and ::1 would make every client one that services trust. So IPv6 has many sources.
    private static readonly IPNetwork V6 = IPNetwork.Parse("::6:0:0/120");
    private static readonly IPAddress[] V6Sources = [.. Enumerable.Range(0, 256).Select(Nth)];
    private static uint _turn;

    /// <summary>The source for an upstream; null where the kernel is to choose it, as the rules leave loopback alone anyhow.</summary>
    public static IPAddress? For(IPAddress upstream)
    {
        if (IPAddress.IsLoopback(upstream) || upstream.Equals(IPAddress.Any) || upstream.Equals(IPAddress.IPv6Any) || !LocalAddress.IsLocal(upstream))
            return null;
        // iptables/sidecar-iptables makes all of them local when it sets rules that need them, and the first is the sign of it; 127.0.0.6 is always there.
        return upstream.AddressFamily == AddressFamily.InterNetwork || LocalAddress.IsAssigned(V6.BaseAddress) ? Next(upstream.AddressFamily) : null;
    }

    /// <summary>The next source of a family, as the rules have them; those of IPv6 take turns.</summary>
    public static IPAddress Next(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? V4 : V6Sources[Interlocked.Increment(ref _turn) % V6Sources.Length];

    /// <summary>Whether an address is one of the sources of IPv6, which a route makes local.</summary>
    public static bool IsSourceOfV6(IPAddress address) => V6.Contains(address);

    private static IPAddress Nth(int number)
    {
        var bytes = V6.BaseAddress.GetAddressBytes();
        bytes[^1] = (byte)number;
        return new IPAddress(bytes);
    }
}
