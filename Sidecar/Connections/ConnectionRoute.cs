using Chassis.Net;
using Sidecar.Net;

namespace Sidecar.Connections;

/// <summary>Feature: the client's destination, and the address to which this sidecar connects for it.</summary>
/// <param name="Destination">
/// The client's destination, which must not be the sidecar itself; null if only p2 knows it. p1 sends it (long form) to a configured p2.
/// </param>
/// <param name="Upstream">The address to which this sidecar connects: the destination itself, or p2.</param>
/// <param name="Configured">Whether the upstream is the listener's configured target.</param>
/// <param name="Original">The connection's original destination, if the kernel was asked for it.</param>
internal sealed record ConnectionRoute(HostPort? Destination, HostPort Upstream, bool Configured, OriginalDestination? Original = null);
