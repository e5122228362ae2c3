using System.Net;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Destination;

/// <summary>The guard's verdict on one address.</summary>
/// <param name="Refusal">The reason to refuse it; null if it is allowed.</param>
/// <param name="Detail">The refusal in words.</param>
internal readonly record struct GuardVerdict(RelayEndReason? Refusal, string? Detail)
{
    public static GuardVerdict Allowed => default;
}

/// <summary>Decides for each resolved address whether a listener may connect to it.</summary>
internal sealed class DestinationGuard(OwnPorts ownPorts, NeighbourListeners neighbours)
{
    /// <summary>The loop guard, for every role and every source of an address.</summary>
    public GuardVerdict CheckLoop(IPEndPoint address, ListenerOptions listener, bool configured)
    {
        // p1 can connect to a p2 of its own process. p2 never connects to an own port, so this cannot become a loop.
        if (ownPorts.OwnerOf(address) is { } owner && !(configured && listener.Role == SidecarRole.Outbound && owner.IsPeer))
            return new(RelayEndReason.SelfCall, $"{address} is this sidecar's own port ({owner.Name})");
        // A configured target can be a neighbour, in a chain of sidecars. A destination that a client names could lead in a circle.
        if (!configured && neighbours.Contain(address))
            return new(RelayEndReason.SelfCall, $"{address} is a listener of another sidecar on this host");
        return OwnPorts.IsReserved(address)
            ? new(RelayEndReason.DestinationNotAllowed, $"{address} is in the range {OwnPorts.FirstReserved} to {OwnPorts.LastReserved} of sidecars' own endpoints")
            : GuardVerdict.Allowed;
    }

    /// <summary>The loop guard, then p1's denying routes, or p2's lists of destinations; what is configured is always allowed.</summary>
    public GuardVerdict Check(IPEndPoint address, ListenerOptions listener, ConnectionRoute route)
    {
        var loop = CheckLoop(address, listener, route.Configured);
        if (loop.Refusal is not null || route.Configured)
            return loop;
        // Otherwise a name would lead around them.
        if (listener.Denies(address, route.Rule))
            return new(RelayEndReason.DestinationNotAllowed, $"a route of this listener denies {address}");
        if (listener.Role != SidecarRole.Inbound)
            return GuardVerdict.Allowed;
        var original = route.Original?.EndPoint;
        if (listener.DenyDestinations.Any(rule => rule.Matches(address, original)))
            return new(RelayEndReason.DestinationNotAllowed, $"{address} is among this listener's deny-destinations");
        if (MetadataAddresses.Contain(address.Address) && !listener.AllowDestinations.Any(rule => rule.Names(address.Address)))
            return new(RelayEndReason.DestinationNotAllowed, $"{address} serves credentials, and this listener's allow-destinations do not name the address by itself");
        return listener.AllowDestinations.Any(rule => rule.Matches(address, original))
            ? GuardVerdict.Allowed
            : new(RelayEndReason.DestinationNotAllowed, $"{address} is not among this listener's allow-destinations");
    }
}
