using System.Net;
using Oracle.Protocol;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Destination;

/// <summary>A listener of this process and where it really listens.</summary>
internal readonly record struct OwnListener(IPEndPoint Address, ListenerOptions Options);

/// <summary>Who has a port of this process.</summary>
/// <param name="Name">A listener's name, or an own endpoint's.</param>
/// <param name="IsPeer">Whether it is a p2.</param>
internal readonly record struct PortOwner(string Name, bool IsPeer);

/// <summary>
/// The ports of this process; a connection to one of them on any local address would be a loop or an open relay. Those of listeners
/// change while it runs, for live connections as well.
/// </summary>
internal sealed class OwnPorts
{
    private readonly Dictionary<int, PortOwner> _endpoints = [];
    private volatile Dictionary<int, PortOwner> _ports = [];

    /// <summary>Ports of all sidecars' own endpoints, also of others on this host: never a destination on a local address.</summary>
    public const int FirstReserved = 15000;

    /// <inheritdoc cref="FirstReserved"/>
    public const int LastReserved = 15099;

    /// <summary>Adds the port of an own endpoint; these are known before there is a listener.</summary>
    public void AddEndpoint(IPEndPoint bound, string name) => _endpoints[bound.Port] = new PortOwner(name, IsPeer: false);

    /// <summary>Puts the listeners' ports in place of those before.</summary>
    public void SetListeners(IEnumerable<OwnListener> listeners)
    {
        var ports = new Dictionary<int, PortOwner>();
        foreach (var (address, options) in listeners)
            ports[address.Port] = new PortOwner(options.Name, options.Role == SidecarRole.Inbound);
        foreach (var (port, owner) in _endpoints)
            ports[port] = owner;
        _ports = ports;
    }

    /// <summary>Who of this process listens there; null when it is not one of its ports on a local address.</summary>
    public PortOwner? OwnerOf(IPEndPoint address) =>
        _ports.TryGetValue(address.Port, out var owner) && LocalAddress.IsLocal(address.Address) ? owner : null;

    /// <summary>Whether it is a port on a local address that belongs to some sidecar's admin, health or metrics.</summary>
    public static bool IsReserved(IPEndPoint address) =>
        address.Port is >= FirstReserved and <= LastReserved && LocalAddress.IsLocal(address.Address);
}
