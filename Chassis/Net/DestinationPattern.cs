using System.Net;
using Chassis.Settings;

namespace Chassis.Net;

/// <summary>
/// A set of destinations: <c>example.org</c>, <c>*.example.org</c> (all names below it), <c>10.0.0.0/8</c>,
/// <c>fd00::1</c> or <c>*</c>, each also with a port after a colon (<c>*:443</c>), IPv6 then in brackets (<c>[fd00::/8]:443</c>).
/// A name matches only that name: it is not resolved, so a name never matches an address, nor the reverse.
/// </summary>
public sealed record DestinationPattern
{
    private const string Expected = "a host name, *.name, an address, a network or * is expected, and a port behind a colon if one is meant";

    // If both are null, the pattern matches any host. The name of a wildcard keeps its leading dot.
    private readonly string? _name;
    private readonly IPNetwork? _network;
    private readonly int? _port;

    private DestinationPattern(string? name, IPNetwork? network, int? port) => (_name, _network, _port) = (name, network, port);

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static DestinationPattern Parse(string text)
    {
        var (host, port) = Split(text);
        if (host == "*")
            return new DestinationPattern(null, null, port);
        if (host.AsSpan().IndexOfAny('/', ':') >= 0 || NetworkAddress.TryParseAddress(host, out _))
            return new DestinationPattern(null, NetworkAddress.Parse(host), port);
        var below = host.StartsWith("*.", StringComparison.Ordinal);
        var name = WithoutRoot(below ? host[2..] : host).ToString();
        // An address alone was read above, but an address after "*." was not.
        if (!HostPort.IsHost(name) || NetworkAddress.TryParseAddress(name, out _) || name[0] == '.')
            throw new FormatException(Expected);
        return new DestinationPattern((below ? "." : "") + name.ToLowerInvariant(), null, port);
    }

    /// <summary>Whether the pattern matches a destination. Case, and the root's dot at the end of a name, make no difference.</summary>
    /// <param name="host">A name, or an address as text; an IPv6 scope and a v4-mapped form make no difference.</param>
    /// <param name="port">Its port.</param>
    public bool Matches(string host, int port) =>
        TryParseAddress(host, out var address) ? Matches(address, port) : MatchesName(host, port);

    /// <summary>Whether the pattern matches a destination that is an address.</summary>
    public bool Matches(IPAddress address, int port) =>
        MatchesPort(port) && _name is null && (_network is not { } network || network.Contains(NetworkAddress.Canonical(address)));

    /// <summary>Whether the pattern matches a destination that is a name.</summary>
    public bool MatchesName(string name, int port) => MatchesPort(port) && MatchesName(WithoutRoot(name));

    /// <summary>Whether the pattern matches names only.</summary>
    public bool IsName => _name is not null;

    /// <summary>Whether the pattern matches names only, and some of them with this port.</summary>
    public bool IsNameAt(int port) => IsName && MatchesPort(port);

    /// <summary>The canonical form: parsing it gives an equal pattern.</summary>
    public override string ToString()
    {
        var host = _network is { } network ? Display(network) : _name is null ? "*" : _name[0] == '.' ? "*" + _name : _name;
        if (_port is not { } port)
            return host;
        return host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
    }

    /// <summary>Reads the address of a destination. It can have a scope (<c>fe80::1%2</c>), which has a meaning on one host only.</summary>
    public static bool TryParseAddress(string host, out IPAddress address)
    {
        var scope = host.IndexOf('%', StringComparison.Ordinal);
        var found = NetworkAddress.TryParseAddress(scope > 0 && host.Contains(':', StringComparison.Ordinal) ? host[..scope] : host, out var parsed);
        address = parsed ?? IPAddress.None;
        return found;
    }

    private static (string Host, int? Port) Split(string text)
    {
        var end = text is ['[', ..] ? text.IndexOf(']') + 1 : 0;
        var colon = text.LastIndexOf(':');
        // Only IPv6 can be in brackets; without brackets, several colons make the whole text an IPv6 address.
        if (end > 0)
        {
            var inner = text[1..(end - 1)];
            if (!inner.Contains(':', StringComparison.Ordinal) || (end < text.Length && end != colon))
                throw new FormatException(Expected);
            return (inner, end == text.Length ? null : Values.Port(text[(end + 1)..]));
        }

        return colon < 0 || text.IndexOf(':') != colon ? (text, null) : (text[..colon], Values.Port(text[(colon + 1)..]));
    }

    private static ReadOnlySpan<char> WithoutRoot(string name) => name is [.. { Length: > 0 }, '.'] ? name.AsSpan(..^1) : name;

    private static string Display(IPNetwork network) =>
        network.PrefixLength == 8 * network.BaseAddress.GetAddressBytes().Length ? network.BaseAddress.ToString() : network.ToString();

    private bool MatchesPort(int port) => _port is null || _port == port;

    private bool MatchesName(ReadOnlySpan<char> host) => _network is null && (_name switch
    {
        null => true,
        ['.', ..] => host.Length > _name.Length && host.EndsWith(_name, StringComparison.OrdinalIgnoreCase),
        _ => host.Equals(_name, StringComparison.OrdinalIgnoreCase),
    });
}
