using System.Net;
using Chassis.Settings;

namespace Chassis.Net;

/// <summary>A host (name or address) and a port to connect to, written <c>host:port</c> or <c>[v6]:port</c>.</summary>
/// <param name="Host">A DNS name or an IP address without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct HostPort(string Host, int Port)
{
    // RFC 1035 section 2.3.4: a name has at most 255 octets on the wire, 253 characters as text.
    private const int MaxHostLength = 253;

    /// <summary>Reads <c>host:port</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static HostPort Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || (text.IndexOf(':') != colon && text[0] != '['))
            throw new FormatException("host:port is expected, an IPv6 address in brackets");
        return new HostPort(ParseHost(text[..colon]), Values.Port(text[(colon + 1)..]));
    }

    /// <summary>Reads a DNS name or an address, the latter with or without brackets.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static string ParseHost(string text)
    {
        // Only an IPv6 address can be in brackets.
        var host = text is ['[', .. var inner, ']'] && inner.Contains(':', StringComparison.Ordinal) ? inner : text;
        return IsHost(host) ? host : throw new FormatException("a host name or IP address is expected");
    }

    /// <summary>Whether a text is an IP address or has the form of a DNS name (letters, digits, dash, underscore, dots).</summary>
    public static bool IsHost(string text) => NetworkAddress.TryParseAddress(text, out _) || IsName(text);

    /// <summary>Whether both are the same: names without case and the root's dot, addresses in any form. Names are not resolved.</summary>
    public bool IsSameAs(HostPort other) => Port == other.Port && (
        DestinationPattern.TryParseAddress(Host, out var one)
            ? DestinationPattern.TryParseAddress(other.Host, out var two) && NetworkAddress.Canonical(one).Equals(NetworkAddress.Canonical(two))
            : NameOf(Host).Equals(NameOf(other.Host), StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static ReadOnlySpan<char> NameOf(string host) => host is [.. { Length: > 0 }, '.'] ? host.AsSpan(..^1) : host;

    // A text that a resolver takes for an address in another form (5, 0x7f.1, 300.1.1.1) is not a name.
    private static bool IsName(string text) =>
        text.Length is > 0 and <= MaxHostLength
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && !text.All(c => char.IsAsciiDigit(c) || c == '.')
        && !IPAddress.TryParse(text, out _);
}
