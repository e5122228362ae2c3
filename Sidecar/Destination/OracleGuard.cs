using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Resolution;

namespace Sidecar.Destination;

/// <summary>
/// Keeps p2 and alone from connecting to the Oracle that they ask: whoever reached it through them would ask from the
/// sidecar's address, at the sidecar's cost.
/// </summary>
internal sealed class OracleGuard(HostPort oracle, Resolver resolver, TimeSpan limit)
{
    /// <summary>The guard of a listener; null where there is nothing to guard: no Oracle, or a p1, which connects to its p2.</summary>
    public static OracleGuard? For(ListenerOptions listener, Resolver resolver, TimeSpan limit) =>
        listener is { Oracle: { } oracle, Role: not SidecarRole.Outbound } ? new OracleGuard(oracle, resolver, limit) : null;

    /// <summary>The Oracle's addresses that an upstream could be; nothing is looked up unless the ports are the same.</summary>
    public async ValueTask<OracleAddresses> FindAsync(HostPort upstream)
    {
        if (upstream.Port != oracle.Port)
            return OracleAddresses.None;
        if (upstream.IsSameAs(oracle))
            return OracleAddresses.Refuse(RelayEndReason.DestinationNotAllowed, $"{upstream} is the Oracle that this sidecar asks");
        var resolved = await resolver.ResolveAsync(oracle, limit);
        // What cannot be checked is not allowed; the Oracle could not be asked either.
        return resolved.Failure is null
            ? new OracleAddresses(resolved.Addresses, null, null)
            : OracleAddresses.Refuse(RelayEndReason.OracleUnreachable, $"{upstream} has the Oracle's port, and whether it is the Oracle cannot be told: {resolved.Detail}");
    }
}
