using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Resolution;

namespace Sidecar.Destination;

/// <summary>
/// Keeps p2, alone and plain connections of p1 from connecting to the Oracle that they ask. A client that reached the Oracle through them
/// would ask from the sidecar's address, and use up the sidecar's share.
/// </summary>
internal sealed class OracleGuard(HostPort oracle, Resolver resolver, TimeSpan limit)
{
    /// <summary>The guard of a listener; null if it needs none: without an Oracle, or for a p1 that connects only to p2s.</summary>
    public static OracleGuard? For(ListenerOptions listener, Resolver resolver, TimeSpan limit) =>
        listener is { Oracle: { } oracle } and ({ Role: not SidecarRole.Outbound } or { Routes.Count: > 0 } or { OraclePlain: true }) ? new OracleGuard(oracle, resolver, limit) : null;

    /// <summary>The Oracle's addresses that the upstream could have; the name is resolved only if the ports are the same.</summary>
    public async ValueTask<OracleAddresses> FindAsync(HostPort upstream)
    {
        if (upstream.Port != oracle.Port)
            return OracleAddresses.None;
        if (upstream.IsSameAs(oracle))
            return OracleAddresses.Refuse(RelayEndReason.DestinationNotAllowed, $"{upstream} is the Oracle that this sidecar asks");
        var resolved = await resolver.ResolveAsync(oracle, limit);
        // An address that cannot be checked is not allowed; a question to the Oracle would fail too.
        return resolved.Failure is null
            ? new OracleAddresses(resolved.Addresses, null, null)
            : OracleAddresses.Refuse(RelayEndReason.OracleUnreachable, $"{upstream} has the Oracle's port, and cannot be compared with the Oracle's address: {resolved.Detail}");
    }
}
