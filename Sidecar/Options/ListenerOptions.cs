using System.Net;
using ByteFilters;
using Chassis.Net;
using Oracle.Protocol;

namespace Sidecar.Options;

/// <summary>One listening port and what happens to its connections.</summary>
public sealed record ListenerOptions
{
    /// <summary>127.0.0.0/8 and ::1.</summary>
    internal static readonly IReadOnlyList<IPNetwork> LoopbackNetworks = [NetworkAddress.Parse("127.0.0.0/8"), NetworkAddress.Parse("::1")];

    /// <summary>A greeting follows the TCP handshake at once, so only a lost segment takes longer.</summary>
    internal static readonly TimeSpan DefaultPeekTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Name in records and metrics; default the role, with the port if the role is not unique.</summary>
    public required string Name { get; init; }

    /// <summary>The address to listen on.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The option or key that named <see cref="Listen"/>.</summary>
    public required string ListenOrigin { get; init; }

    /// <summary>The sidecar's role.</summary>
    public SidecarRole Role { get; init; } = SidecarRole.Alone;

    /// <summary>How the destination is found.</summary>
    public ListenerMode Mode { get; init; } = ListenerMode.Fixed;

    /// <summary>alone: the destination. p1: p2's address. p2: the service. Null: see <see cref="Mode"/> and the role.</summary>
    public HostPort? Target { get; init; }

    /// <summary>The Oracle to ask; null asks none.</summary>
    public HostPort? Oracle { get; init; }

    /// <summary>The dialect of questions to the Oracle; default v1.</summary>
    public OracleDialect OracleDialect { get; init; } = OracleDialect.V1;

    /// <summary>outbound, v1x: whether the Oracle is asked before the greeting if the connection should be a plain one; default no.</summary>
    public bool OraclePlain { get; init; }

    /// <summary>The transform if there is no Oracle.</summary>
    public TransformExpression Transform { get; init; } = TransformExpression.Identity;

    /// <summary>Transforms of some destinations, which take precedence over <see cref="Transform"/>. The first match decides.</summary>
    public IReadOnlyList<DestinationTransform> DestinationTransforms { get; init; } = [];

    /// <summary>Connections at once; more are refused with <c>limit_reached</c>. By default only the process's limit applies.</summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>
    /// p2: connections of one client at once; more are refused with <c>client_limit</c>. Null, the default: a quarter of
    /// <see cref="MaxConnections"/>, and over all such listeners a quarter of the process's limit.
    /// </summary>
    public int? MaxClientConnections { get; init; }

    /// <summary>
    /// p2: connections of one client at once that are not relayed yet; more are refused with <c>client_limit</c>. Null, the default: only
    /// the limit of connections.
    /// </summary>
    public int? MaxClientHandshakes { get; init; }

    /// <summary>Clients that can use a SOCKS listener, in addition to loopback.</summary>
    public IReadOnlyList<IPNetwork> AllowClients { get; init; } = [];

    /// <summary>
    /// Destinations to which p2 can connect; default the pod and the original destination. A configured target is always allowed.
    /// </summary>
    public IReadOnlyList<DestinationRule> AllowDestinations { get; init; } = DestinationRule.Defaults;

    /// <summary>
    /// Destinations to which p2 never connects, even if <see cref="AllowDestinations"/> lists them; default none. A configured target stays
    /// allowed.
    /// </summary>
    public IReadOnlyList<DestinationRule> DenyDestinations { get; init; } = [];

    /// <summary>Whether every connection must start with a PROXY header, of either version, that names the client.</summary>
    public bool AcceptProxy { get; init; }

    /// <summary>Addresses that can connect to a listener with PROXY headers; default loopback.</summary>
    public IReadOnlyList<IPNetwork> ProxyClients { get; init; } = LoopbackNetworks;

    /// <summary>The version of the PROXY header that the upstream gets; null sends none.</summary>
    public ProxyVersion? SendProxy { get; init; }

    /// <summary>
    /// outbound: what happens to connections, by destination. The first match decides; what no route matches is plain. Without routes every
    /// connection is greeted.
    /// </summary>
    public IReadOnlyList<OutboundRoute> Routes { get; init; } = [];

    /// <summary>
    /// outbound, transparent: whether routes can depend on the host name in the client's first bytes, of TLS or HTTP/1; by default no bytes are
    /// looked at.
    /// </summary>
    public bool PeekNames { get; init; }

    /// <summary>inbound: which clients it takes.</summary>
    public PeerMode Peers { get; init; } = PeerMode.Strict;

    /// <summary>inbound: ports of the destination with a mode of their own. The first match decides.</summary>
    public IReadOnlyList<PortPeers> PortPeers { get; init; } = [];

    /// <summary>
    /// inbound, permissive: how long a client may be silent until it counts as plain. outbound: until it counts as a client without a name.
    /// More than 0, default 100 ms. A service that speaks first is that much slower for such clients.
    /// </summary>
    public TimeSpan PeekTimeout { get; init; } = DefaultPeekTimeout;

    /// <summary>Whether HTTP and gRPC exchanges are observed; by default not at p1, so that a pair observes each exchange once.</summary>
    public bool Observe { get; init; } = true;

    /// <summary>Whether no plain client can come, whatever its destination is.</summary>
    internal bool IsAlwaysStrict => Peers == PeerMode.Strict && PortPeers.All(entry => entry.Peers == PeerMode.Strict);

    /// <summary>Which clients it takes for a port of the destination, or for null, if the destination is not known.</summary>
    internal PeerMode PeersOf(int? port)
    {
        foreach (var entry in PortPeers)
        {
            if (port is { } known && entry.Ports.Contains(known))
                return entry.Peers;
        }

        return Peers;
    }

    /// <summary>The route for a destination; null if none matches it.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="name">The name that the client itself has sent; null if it has sent none.</param>
    internal OutboundRoute? RouteFor(HostPort destination, string? name)
    {
        // To read an address takes longer than to compare it with a pattern.
        var address = AddressOf(destination);
        foreach (var route in Routes)
        {
            if (route.Matches(destination, address, name))
                return route;
        }

        return null;
    }

    /// <summary>Whether an address of a name is denied by a route that stands before the one that the name has; null if it has none.</summary>
    internal bool Denies(IPEndPoint address, OutboundRoute? taken)
    {
        foreach (var route in Routes)
        {
            if (ReferenceEquals(route, taken))
                return false;
            if (route.Action == RouteAction.Deny && route.Matches(address.Address, address.Port))
                return true;
        }

        return false;
    }

    /// <summary>Whether the route for a destination depends on the name that the client sends.</summary>
    internal bool DependsOnName(HostPort destination)
    {
        var address = AddressOf(destination);
        foreach (var route in Routes)
        {
            if (route.Matches(destination, address, name: null))
                return false;
            if (route.MatchesNamesAt(destination.Port))
                return true;
        }

        return false;
    }

    /// <summary>The transform for a destination, or for null, if this side does not know the destination.</summary>
    internal TransformExpression TransformFor(HostPort? destination)
    {
        if (destination is { } known)
        {
            foreach (var entry in DestinationTransforms)
            {
                if (entry.Matches(known))
                    return entry.Transform;
            }
        }

        return Transform;
    }

    private static IPAddress? AddressOf(HostPort destination) =>
        DestinationPattern.TryParseAddress(destination.Host, out var read) ? NetworkAddress.Canonical(read) : null;
}
