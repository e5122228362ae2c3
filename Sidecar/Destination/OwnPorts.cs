using System.Net;
using Oracle.Protocol;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Destination;

/// <summary>A listener of this process and its real address.</summary>
internal readonly record struct OwnListener(IPEndPoint Address, ListenerOptions Options);

/// <summary>The owner of a port of this process.</summary>
/// <param name="Name">The name of a listener or of an own endpoint.</param>
/// <param name="IsPeer">Whether it is a p2.</param>
internal readonly record struct PortOwner(string Name, bool IsPeer);

/// <summary>
/// The ports of this process. A connection to one of them on any local address would be a loop or an open relay. The ports of
/// listeners change while the process runs, and the change applies to live connections as well.
/// </summary>
internal sealed class OwnPorts
{
    private readonly Dictionary<int, PortOwner> _endpoints = [];
    private volatile Dictionary<int, PortOwner> _ports = [];

    /// <summary>Ports of the own endpoints of all sidecars, also of others on this host: never a destination on a local address.</summary>
    public const int FirstReserved = 15000;

    /// <inheritdoc cref="FirstReserved"/>
    public const int LastReserved = 15099;

    /// <summary>Adds the port of an own endpoint; these ports are known before there is a listener.</summary>
    public void AddEndpoint(IPEndPoint bound, string name) => _endpoints[bound.Port] = new PortOwner(name, IsPeer: false);

    /// <summary>Replaces the ports of the listeners.</summary>
    public void SetListeners(IEnumerable<OwnListener> listeners)
    {
        var ports = new Dictionary<int, PortOwner>();
        foreach (var (address, options) in listeners)
            ports[address.Port] = new PortOwner(options.Name, options.Role == SidecarRole.Inbound);
        foreach (var (port, owner) in _endpoints)
            ports[port] = owner;
        _ports = ports;
    }

    /// <summary>The owner of an address in this process; null if it is not one of its ports on a local address.</summary>
    public PortOwner? OwnerOf(IPEndPoint address) =>
        _ports.TryGetValue(address.Port, out var owner) && LocalAddress.IsLocal(address.Address) ? owner : null;

    /// <summary>Whether it is a port on a local address that some sidecar's admin, health or metrics endpoint can have.</summary>
    public static bool IsReserved(IPEndPoint address) =>
        address.Port is >= FirstReserved and <= LastReserved && LocalAddress.IsLocal(address.Address);
}
