using Chassis.Net;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>Feature: the client's destination, and the address to which this sidecar connects for it.</summary>
/// <param name="Destination">
/// The client's destination, which must not be the sidecar itself; null if only p2 knows it. p1 sends it (long form) to a configured p2.
/// </param>
/// <param name="Upstream">The address to which this sidecar connects: the destination itself, or p2.</param>
/// <param name="Configured">Whether the upstream is an address of the configuration: the listener's target, or the peer of a route.</param>
/// <param name="Original">The connection's original destination, if the kernel was asked for it.</param>
/// <param name="Rule">The route of the configuration that it takes; null if it has none.</param>
internal sealed record ConnectionRoute(HostPort? Destination, HostPort Upstream, bool Configured, OriginalDestination? Original = null, OutboundRoute? Rule = null)
{
    /// <summary>The same without a sidecar on the other side: to the known destination itself.</summary>
    public ConnectionRoute Plain() => this with { Upstream = Destination!.Value, Configured = false };
}
