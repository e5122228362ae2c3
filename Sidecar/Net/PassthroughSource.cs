using System.Net;
using System.Net.Sockets;

namespace Sidecar.Net;

/// <summary>
/// The source address of connections that have passed the sidecar and go to its own pod. The iptables rules do not redirect this
/// source, so that p2 does not connect to itself (127.0.0.6 as in Istio's inbound passthrough cluster).
/// </summary>
internal static class PassthroughSource
{
    private static readonly IPAddress V4 = new([127, 0, 0, 6]);

    // Linux frees a port of 127.0.0.6 after a second, but a port of an address that is not loopback only after a minute
    // (tcp_tw_reuse = 2). With ::1 every client would look like one that services trust. So IPv6 has many sources.
    private static readonly IPNetwork V6 = IPNetwork.Parse("::6:0:0/120");
    private static readonly IPAddress[] V6Sources = [.. Enumerable.Range(0, 256).Select(Nth)];
    private static uint _turn;

    /// <summary>The source for an upstream; null if the kernel should choose it, because the rules never redirect loopback.</summary>
    public static IPAddress? For(IPAddress upstream)
    {
        if (IPAddress.IsLoopback(upstream) || upstream.Equals(IPAddress.Any) || upstream.Equals(IPAddress.IPv6Any) || !LocalAddress.IsLocal(upstream))
            return null;
        // iptables/sidecar-iptables makes all of them local when it sets rules that need them, and assigns the first as a sign; 127.0.0.6
        // is always local.
        return upstream.AddressFamily == AddressFamily.InterNetwork || LocalAddress.IsAssigned(V6.BaseAddress) ? Next(upstream.AddressFamily) : null;
    }

    /// <summary>The next source of a family that the rules know; those of IPv6 are used in turn.</summary>
    public static IPAddress Next(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? V4 : V6Sources[Interlocked.Increment(ref _turn) % V6Sources.Length];

    /// <summary>Whether an address is one of the IPv6 sources, which a route makes local.</summary>
    public static bool IsSourceOfV6(IPAddress address) => V6.Contains(address);

    private static IPAddress Nth(int number)
    {
        var bytes = V6.BaseAddress.GetAddressBytes();
        bytes[^1] = (byte)number;
        return new IPAddress(bytes);
    }
}
