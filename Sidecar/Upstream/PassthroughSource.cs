using System.Net;
using System.Net.Sockets;
using Sidecar.Destination;

namespace Sidecar.Upstream;

/// <summary>
/// The source address of connections that have passed the sidecar and go to its own pod: iptables' rules leave these alone,
/// so that p2 does not meet itself (the same address as Istio's inbound passthrough cluster).
/// </summary>
internal static class PassthroughSource
{
    private static readonly IPAddress V4 = new([127, 0, 0, 6]);
    private static readonly IPAddress V6 = IPAddress.Parse("::6");

    /// <summary>The source for an upstream; null where the kernel is to choose it, as the rules leave loopback alone anyhow.</summary>
    public static IPAddress? For(IPAddress upstream)
    {
        if (IPAddress.IsLoopback(upstream) || upstream.Equals(IPAddress.Any) || upstream.Equals(IPAddress.IPv6Any) || !LocalAddress.IsLocal(upstream))
            return null;
        var source = Of(upstream.AddressFamily);
        // iptables/sidecar-iptables adds ::6 to loopback when it sets rules that need it; 127.0.0.6 is always there.
        return LocalAddress.IsLocal(source) ? source : null;
    }

    /// <summary>The source of a family, as the rules have it.</summary>
    public static IPAddress Of(AddressFamily family) => family == AddressFamily.InterNetwork ? V4 : V6;
}
