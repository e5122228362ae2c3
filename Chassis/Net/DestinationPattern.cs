using System.Net;
using Chassis.Settings;

namespace Chassis.Net;

/// <summary>
/// Which destinations are meant: <c>example.org</c>, <c>*.example.org</c> (what lies below it), <c>10.0.0.0/8</c>,
/// <c>fd00::1</c> or <c>*</c>, each also with a port behind a colon (<c>*:443</c>), IPv6 then in brackets (<c>[fd00::/8]:443</c>).
/// A name means that name alone: nothing is looked up, so a name never matches an address, nor the reverse.
/// </summary>
public sealed record DestinationPattern
{
    private const string Expected = "a host name, *.name, an address, a network or * is expected, and a port behind a colon if one is meant";

    // Neither is any host. A wildcard's name keeps the dot in front.
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
        // An address was taken above, but not one behind "*.".
        if (!HostPort.IsHost(name) || NetworkAddress.TryParseAddress(name, out _) || name[0] == '.')
            throw new FormatException(Expected);
        return new DestinationPattern((below ? "." : "") + name.ToLowerInvariant(), null, port);
    }

    /// <summary>Whether a destination is meant; names are compared without case and without the root's dot at the end.</summary>
    /// <param name="host">A name, or an address as text; an IPv6 scope and a v4-mapped form make no difference.</param>
    /// <param name="port">Its port.</param>
    public bool Matches(string host, int port) =>
        TryParseAddress(host, out var address) ? Matches(address, port) : MatchesPort(port) && MatchesName(WithoutRoot(host));

    /// <summary>Whether a destination that is an address is meant.</summary>
    public bool Matches(IPAddress address, int port) =>
        MatchesPort(port) && _name is null && (_network is not { } network || network.Contains(NetworkAddress.Canonical(address)));

    /// <summary>The canonical form: parsing it gives an equal pattern.</summary>
    public override string ToString()
    {
        var host = _network is { } network ? Display(network) : _name is null ? "*" : _name[0] == '.' ? "*" + _name : _name;
        if (_port is not { } port)
            return host;
        return host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
    }

    /// <summary>Reads a destination's address, which may have a scope (<c>fe80::1%2</c>): that means something on one host only.</summary>
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
        // Only IPv6 stands in brackets; without them, several colons are an IPv6 address as a whole.
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
