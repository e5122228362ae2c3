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

    /// <summary>Name in records and metrics; default the role, with the port where that is not unique.</summary>
    public required string Name { get; init; }

    /// <summary>Where to listen.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The option or key that named <see cref="Listen"/>.</summary>
    public required string ListenOrigin { get; init; }

    /// <summary>The sidecar's part.</summary>
    public SidecarRole Role { get; init; } = SidecarRole.Alone;

    /// <summary>How the destination is found.</summary>
    public ListenerMode Mode { get; init; } = ListenerMode.Fixed;

    /// <summary>alone: the destination. p1: p2's address. p2: the service. Null: see <see cref="Mode"/> and the role.</summary>
    public HostPort? Target { get; init; }

    /// <summary>The Oracle to ask; null asks none.</summary>
    public HostPort? Oracle { get; init; }

    /// <summary>How the Oracle is spoken to; default v1.</summary>
    public OracleDialect OracleDialect { get; init; } = OracleDialect.V1;

    /// <summary>The transform when there is no Oracle.</summary>
    public TransformExpression Transform { get; init; } = TransformExpression.Identity;

    /// <summary>Before <see cref="Transform"/>: that of some destinations. The first that matches holds.</summary>
    public IReadOnlyList<DestinationTransform> DestinationTransforms { get; init; } = [];

    /// <summary>Connections at once; more are refused with <c>limit_reached</c>. By default only the process's limit holds.</summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>Clients beyond loopback that may use a SOCKS listener.</summary>
    public IReadOnlyList<IPNetwork> AllowClients { get; init; } = [];

    /// <summary>Where p2 may connect to; default the pod and the original destination. A configured target is always allowed.</summary>
    public IReadOnlyList<DestinationRule> AllowDestinations { get; init; } = DestinationRule.Defaults;

    /// <summary>Where p2 may not connect to, whatever <see cref="AllowDestinations"/> says; default none. A configured target stays allowed.</summary>
    public IReadOnlyList<DestinationRule> DenyDestinations { get; init; } = [];

    /// <summary>Whether every connection must start with a PROXY header, of either version; it names the client.</summary>
    public bool AcceptProxy { get; init; }

    /// <summary>Who may connect to a listener that accepts PROXY headers; default loopback.</summary>
    public IReadOnlyList<IPNetwork> ProxyClients { get; init; } = LoopbackNetworks;

    /// <summary>The version of the PROXY header that the upstream gets; null sends none.</summary>
    public ProxyVersion? SendProxy { get; init; }

    /// <summary>Whether HTTP and gRPC exchanges are observed; default not at p1, so that a pair has each once.</summary>
    public bool Observe { get; init; } = true;

    /// <summary>The transform for a destination, which is null where nobody on this side knows it.</summary>
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
}
