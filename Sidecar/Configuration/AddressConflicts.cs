using System.Net;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Destination;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Addresses that cannot work together on any machine: two with one port, and targets that are the process itself.</summary>
internal static class AddressConflicts
{
    /// <summary>A line for each conflict, with the origins of both addresses.</summary>
    public static IEnumerable<string> Of(SidecarOptions options)
    {
        var claims = new List<Claim>();
        foreach (var claim in Claims(options).Where(claim => claim.Address.Port != 0))
        {
            if (claims.Find(other => ListenAddress.Overlap(other.Address, claim.Address)) is { } other)
                yield return $"{claim.Origin} '{claim.Address}': {other.Origin} '{other.Address}' has this port already; use different ports";
            claims.Add(claim);
        }

        foreach (var listener in options.Listeners)
        {
            if (listener.Target is { } target && OwnTarget(listener, "target", target, claims) is { } conflict)
                yield return conflict;
            foreach (var peer in listener.Routes.Select(route => route.Peer).OfType<HostPort>().Distinct())
            {
                if (OwnTarget(listener, "peer", peer, claims) is { } ownPeer)
                    yield return ownPeer;
            }
        }
    }

    // A default port that is in use is replaced by another one, so only configured ports can conflict.
    private static IEnumerable<Claim> Claims(SidecarOptions options)
    {
        foreach (var listener in options.Listeners)
            yield return new Claim(listener.Listen, listener.ListenOrigin, listener);
        foreach (var endpoint in new[] { options.Metrics, options.Health, options.Admin })
        {
            if (endpoint is { Origin: { } origin, Address: IPEndPoint address })
                yield return new Claim(address, origin, null);
        }
    }

    private static string? OwnTarget(ListenerOptions listener, string what, HostPort target, List<Claim> claims)
    {
        if (LocalAddress.Known(target.Host) is not { } address || !LocalAddress.IsLocal(address))
            return null;
        var endPoint = new IPEndPoint(address, target.Port);
        // The target of a p1 may be a p2 of the same process.
        if (claims.Find(claim => ListenAddress.Overlap(claim.Address, endPoint) && !(listener.Role == SidecarRole.Outbound && claim.Listener?.Role == SidecarRole.Inbound)) is { } own)
            return $"{listener.ListenOrigin}: its {what} {target} is this sidecar itself ({own.Origin}); every connection would end as a self_call";
        return OwnPorts.IsReserved(endPoint)
            ? $"{listener.ListenOrigin}: its {what} {target} is in the range {OwnPorts.FirstReserved} to {OwnPorts.LastReserved}, which is reserved for the own endpoints of sidecars on this host; every connection would be refused"
            : null;
    }

    private sealed record Claim(IPEndPoint Address, string Origin, ListenerOptions? Listener);
}
