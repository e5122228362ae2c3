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
    // linux/in.h: the port is chosen when the destination is known, so that each destination has all of them.
    private const int SolIp = 0;
    private const int IpBindAddressNoPort = 24;

    private static readonly IPAddress V4 = new([127, 0, 0, 6]);
    private static readonly IPAddress V6 = IPAddress.Parse("::6");

    /// <summary>Binds a socket before it connects to an address of this pod; loopback is left alone by the rules anyhow.</summary>
    public static void BindFor(IPEndPoint upstream, Socket socket)
    {
        if (For(upstream.Address) is not { } source)
            return;
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(SolIp, IpBindAddressNoPort, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(source, 0));
    }

    /// <summary>The source for an upstream; null where the kernel is to choose it.</summary>
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
