using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Chassis.Net;

/// <summary>
/// An address to listen on, as text: <c>9000</c>, <c>:9000</c>, <c>*:9000</c>, <c>127.0.0.1:9000</c>, <c>[::1]:9000</c>,
/// <c>localhost:9000</c>.
/// </summary>
public static class ListenAddress
{
    private const string UnixScheme = "unix:";

    // struct sockaddr_un has 108 bytes; the rest is for the socket's temporary name before it listens.
    private const int MaxUnixPath = 96;

    /// <summary>All addresses of both families: dual-stack if the machine has IPv6, otherwise IPv4.</summary>
    public static IPAddress Any => Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;

    /// <summary>Reads address and port; a port alone listens on <see cref="Any"/>, port 0 on any free one.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static IPEndPoint Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon > 0 && text.IndexOf(':') != colon && text[0] != '[')
            throw new FormatException("address:port is expected, an IPv6 address in brackets");
        return new IPEndPoint(ParseHost(colon < 0 ? "" : text[..colon]), ParsePort(text[(colon + 1)..]));
    }

    /// <summary>Reads an address and port, or a path of the file system: <c>unix:/run/sidecar/admin.sock</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static EndPoint ParseWithUnix(string text)
    {
        if (!text.StartsWith(UnixScheme, StringComparison.Ordinal))
            return Parse(text);
        var path = text[UnixScheme.Length..];
        return path.StartsWith('/') && !path.EndsWith('/') && path.Length <= MaxUnixPath && !path.Any(char.IsControl)
            ? new UnixDomainSocketEndPoint(path)
            : throw new FormatException($"the whole path of a socket is expected after {UnixScheme}, such as {UnixScheme}/run/sidecar/admin.sock, of at most {MaxUnixPath} characters");
    }

    /// <summary>Reads the address alone; empty and <c>*</c> mean <see cref="Any"/>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static IPAddress ParseHost(string host) => host switch
    {
        "" or "*" => Any,
        "localhost" => IPAddress.Loopback,
        // A socket for IPv6 alone cannot bind a v4-mapped address (::ffff:10.0.0.1), so it becomes the IPv4 address.
        _ when NetworkAddress.TryParseAddress(Unbracketed(host), out var address) => NetworkAddress.Canonical(address),
        _ => throw new FormatException("an IP address to listen on is expected, such as 127.0.0.1 or [::]"),
    };

    /// <summary>Reads the port alone, 0 to 65535.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static int ParsePort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? port
            : throw new FormatException("a port 0 to 65535 is expected");

    /// <summary>Whether two sockets cannot listen on both at once; [::] is for both families.</summary>
    public static bool Overlap(IPEndPoint one, IPEndPoint other) =>
        one.Port == other.Port && (Covers(one.Address, other.Address) || Covers(other.Address, one.Address));

    private static bool Covers(IPAddress address, IPAddress other) =>
        address.Equals(other) || address.Equals(IPAddress.IPv6Any) || (address.Equals(IPAddress.Any) && other.AddressFamily == address.AddressFamily);

    private static string Unbracketed(string host) =>
        host is ['[', .. var inner, ']'] && inner.Contains(':', StringComparison.Ordinal) ? inner : host;
}
