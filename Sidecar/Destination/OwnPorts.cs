using System.Net;
using Sidecar.Net;

namespace Sidecar.Destination;

/// <summary>The ports of this process; a connection to one of them on any local address would be a loop or an open relay.</summary>
internal sealed class OwnPorts
{
    private readonly Dictionary<int, string> _ports = [];

    /// <summary>Ports of all sidecars' own endpoints, also of others on this host: never a destination on a local address.</summary>
    public const int FirstReserved = 15000;

    /// <inheritdoc cref="FirstReserved"/>
    public const int LastReserved = 15099;

    /// <summary>Adds a port that this process listens on.</summary>
    public void Add(IPEndPoint bound, string owner) => _ports[bound.Port] = owner;

    /// <summary>Who of this process listens there; null when it is not one of its ports on a local address.</summary>
    public string? OwnerOf(IPEndPoint address) =>
        _ports.TryGetValue(address.Port, out var owner) && LocalAddress.IsLocal(address.Address) ? owner : null;

    /// <summary>Whether it is a port on a local address that belongs to some sidecar's admin, health or metrics.</summary>
    public static bool IsReserved(IPEndPoint address) =>
        address.Port is >= FirstReserved and <= LastReserved && LocalAddress.IsLocal(address.Address);
}
