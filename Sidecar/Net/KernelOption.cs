using System.Net.Sockets;

namespace Sidecar.Net;

/// <summary>A socket option as Linux numbers it; the numbers are those of x86-64 and arm64.</summary>
/// <param name="Level">The protocol that has the option.</param>
/// <param name="Name">Its number there.</param>
internal readonly record struct KernelOption(int Level, int Name)
{
    // asm-generic/socket.h, linux/in.h, linux/in6.h
    private const int SocketLevel = 1;
    private const int IpLevel = 0;
    private const int IpV6Level = 41;
    private const int TcpLevel = 6;

    /// <summary>SO_ERROR: the pending error; reading it clears it.</summary>
    public static KernelOption Error => new(SocketLevel, 4);

    /// <summary>SO_KEEPALIVE: whether silent peers are probed.</summary>
    public static KernelOption KeepAlive => new(SocketLevel, 9);

    /// <summary>SO_OOBINLINE: urgent bytes stay in their place in the stream.</summary>
    public static KernelOption UrgentInline => new(SocketLevel, 10);

    /// <summary>SO_LINGER: what closing does with bytes that were not sent.</summary>
    public static KernelOption Linger => new(SocketLevel, 13);

    /// <summary>
    /// IP_BIND_ADDRESS_NO_PORT: binding to an address leaves the choice of the port to connect, so that each destination can use all ports.
    /// </summary>
    public static KernelOption BindAddressNoPort => new(IpLevel, 24);

    /// <summary>IPV6_FREEBIND: binds also to an address that is local only by a route, and that no interface has.</summary>
    public static KernelOption FreeBind => new(IpV6Level, 78);

    /// <summary>TCP_NODELAY: small segments go out at once.</summary>
    public static KernelOption NoDelay => new(TcpLevel, 1);

    /// <summary>TCP_KEEPIDLE: seconds of silence before the first probe.</summary>
    public static KernelOption KeepIdle => new(TcpLevel, 4);

    /// <summary>TCP_KEEPINTVL: seconds between probes.</summary>
    public static KernelOption KeepInterval => new(TcpLevel, 5);

    /// <summary>TCP_KEEPCNT: unanswered probes that end a connection.</summary>
    public static KernelOption KeepCount => new(TcpLevel, 6);

    /// <summary>TCP_INFO: the state of a connection (struct tcp_info, linux/tcp.h).</summary>
    public static KernelOption TcpInfo => new(TcpLevel, 11);

    /// <summary>TCP_USER_TIMEOUT: milliseconds that sent bytes can stay unacknowledged.</summary>
    public static KernelOption UserTimeout => new(TcpLevel, 18);

    /// <summary>
    /// SO_ORIGINAL_DST, or IP6T_SO_ORIGINAL_DST: the destination of a connection before it was redirected (linux/netfilter_ipv4.h,
    /// ip6_tables.h).
    /// </summary>
    public static KernelOption OriginalDestination(AddressFamily family) =>
        new(family == AddressFamily.InterNetworkV6 ? IpV6Level : IpLevel, 80);

    /// <summary>Sets an option that is a number on a socket of the framework.</summary>
    public void Set(Socket socket, int value) => socket.SetRawSocketOption(Level, Name, BitConverter.GetBytes(value));
}
