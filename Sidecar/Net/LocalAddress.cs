using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Chassis.Net;

namespace Sidecar.Net;

/// <summary>Whether an address belongs to this network namespace.</summary>
internal static class LocalAddress
{
    // With ip_nonlocal_bind any address can be bound, so the test would call every address local.
    private static readonly bool BindTellsNothing =
        IsSet("/proc/sys/net/ipv4/ip_nonlocal_bind") || IsSet("/proc/sys/net/ipv6/ip_nonlocal_bind");

    /// <summary>
    /// Asks the kernel by binding to the address, instead of keeping a list of interfaces. The answer is exact at this moment, and true
    /// for all of 127.0.0.0/8 and for the unspecified address, which connects to loopback.
    /// </summary>
    /// <exception cref="SocketException">No descriptor is left for the test.</exception>
    public static bool IsLocal(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || PassthroughSource.IsSourceOfV6(address) || IsAssigned(address);

    /// <summary>Whether an address is on one of the interfaces.</summary>
    /// <exception cref="SocketException">No descriptor is left for the test.</exception>
    public static bool IsAssigned(IPAddress address) => BindTellsNothing ? IsOnInterface(address) : CanBind(address);

    /// <summary>The address of a host that needs no look-up; null for other names. localhost is loopback (RFC 6761 section 6.3).</summary>
    public static IPAddress? Known(string host) =>
        IPAddress.TryParse(host, out var address) ? NetworkAddress.Canonical(address)
        : host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : null;

    private static bool CanBind(IPAddress address)
    {
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.InvalidArgument)
        {
            return false;
        }
    }

    private static bool IsOnInterface(IPAddress address) =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Any(a => a.Address.Equals(address));

    private static bool IsSet(string sysctl) => File.Exists(sysctl) && File.ReadAllText(sysctl).Trim() == "1";
}
