using System.Net;
using Chassis.Net;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// Chooses by a server's address. It must be in a network (if there are any) and must not be in an excluded one.
/// </summary>
internal sealed class AddressFilter
{
    private readonly IPNetwork[] _included;
    private readonly IPNetwork[] _excluded;

    /// <param name="networks">As the user writes them; excluded ones start with <c>!</c>.</param>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public AddressFilter(IReadOnlyList<string> networks)
    {
        _included = [.. networks.Where(n => !IsExcluding(n)).Select(NetworkAddress.Parse)];
        _excluded = [.. networks.Where(IsExcluding).Select(n => NetworkAddress.Parse(n[1..]))];
    }

    /// <summary>Whether an address is chosen; a v4-mapped one counts as IPv4.</summary>
    public bool Accepts(IPAddress server)
    {
        var address = NetworkAddress.Canonical(server);
        return (_included.Length == 0 || Array.Exists(_included, network => network.Contains(address))) && !Array.Exists(_excluded, network => network.Contains(address));
    }

    private static bool IsExcluding(string network) => network.StartsWith('!');
}
