using System.Net;

namespace Chassis.Net;

/// <summary>Networks as text, and addresses in the form in which they are compared.</summary>
public static class NetworkAddress
{
    /// <summary>Reads a CIDR, or a single address as the network of just that one.</summary>
    /// <exception cref="FormatException">Says what was expected; also for a CIDR with bits set behind its prefix.</exception>
    public static IPNetwork Parse(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(Canonical(address), Canonical(address).GetAddressBytes().Length * 8)
        : throw new FormatException("an address or a CIDR such as 10.0.0.0/8 is expected, without bits set behind the prefix");

    /// <summary>The address itself, a v4-mapped one as IPv4.</summary>
    public static IPAddress Canonical(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>The end point with <see cref="Canonical(IPAddress)"/> applied.</summary>
    public static IPEndPoint Canonical(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
