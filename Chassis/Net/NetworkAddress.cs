using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Chassis.Net;

/// <summary>Networks as text, and addresses in the form in which they are compared.</summary>
public static class NetworkAddress
{
    private const int SharedPrefix = 64;

    // Length of ::ffff:0:0/96, the IPv4 addresses as IPv6 writes them (RFC 4291 section 2.5.5.2).
    private const int MappedPrefix = 96;

    /// <summary>Reads a network, or one address as a network of one address; v4-mapped ones become IPv4.</summary>
    /// <exception cref="FormatException">Says what was expected; also if bits after the prefix are set.</exception>
    public static IPNetwork Parse(string text)
    {
        var slash = text.IndexOf('/');
        var address = ParseAddress(slash < 0 ? text : text[..slash]);
        var longest = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var prefix = slash < 0 ? longest : ParsePrefix(text[(slash + 1)..], longest);
        if (address.IsIPv4MappedToIPv6 && prefix >= MappedPrefix)
            (address, prefix) = (address.MapToIPv4(), prefix - MappedPrefix);
        var network = Masked(address, prefix);
        return network.BaseAddress.Equals(address)
            ? network
            : throw new FormatException($"bits are set after the prefix; write {network} for the network or {address} for the one address");
    }

    /// <summary>The address itself, a v4-mapped one as IPv4.</summary>
    public static IPAddress Canonical(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>
    /// The address that counts when something is shared by address: the address itself, or its IPv6 network of 64 bits, because the
    /// owner of one address of such a network usually has all of them (RFC 6177).
    /// </summary>
    public static IPAddress Sharer(IPAddress address)
    {
        var canonical = Canonical(address);
        return canonical.AddressFamily == AddressFamily.InterNetworkV6 ? Masked(canonical, SharedPrefix).BaseAddress : canonical;
    }

    /// <summary>The end point with <see cref="Canonical(IPAddress)"/> applied.</summary>
    public static IPEndPoint Canonical(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;

    /// <summary>
    /// Reads an address, only in its plain form. <see cref="IPAddress.TryParse(string, out IPAddress)"/> also accepts
    /// <c>5</c>, <c>010.0.0.1</c> (octal), <c>[::1]:80</c> and a scope.
    /// </summary>
    public static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address) && (address.AddressFamily == AddressFamily.InterNetwork
            ? address.ToString() == text
            : text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.'));

    private static IPAddress ParseAddress(string text) =>
        TryParseAddress(text, out var address)
            ? address
            : throw new FormatException("an address or a network is expected, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8");

    private static int ParsePrefix(string text, int longest) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) && prefix <= longest
            ? prefix
            : throw new FormatException($"a prefix length 0 to {longest} is expected after the slash");

    private static IPNetwork Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(prefix - (8 * i), 0, 8));
        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
