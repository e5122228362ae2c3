using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Oracle.Policies;

/// <summary>Reads what a rule's <c>peer</c> may be: <c>10.0.0.0/8</c>, <c>fd00::/8</c>, or one address.</summary>
internal static class PeerNetwork
{
    private const string Expected = "an address or a network is expected, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8";

    // Length of ::ffff:0:0/96, the IPv4 addresses as IPv6 writes them (RFC 4291 section 2.5.5.2).
    private const int MappedPrefix = 96;

    /// <summary>Reads a network; v4-mapped ones become IPv4, as questions' addresses do.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
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
            : throw new FormatException($"bits are set behind the prefix; write {network} for the network or {address} for the one address");
    }

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address) && text[0] != '[' && !text.Contains('%')
        && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text)
            ? address
            : throw new FormatException(Expected);

    private static int ParsePrefix(string text, int longest) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) && prefix <= longest
            ? prefix
            : throw new FormatException($"a prefix length 0 to {longest} is expected behind the slash");

    private static IPNetwork Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(prefix - (8 * i), 0, 8));
        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
