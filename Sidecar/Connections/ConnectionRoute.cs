using Chassis.Net;
using Sidecar.Net;

namespace Sidecar.Connections;

/// <summary>Feature: where the client wants to go, and what this sidecar connects to for that.</summary>
/// <param name="Destination">The destination that p1 tells p2 (long form) and that must not be the sidecar itself; null when only p2 knows it.</param>
/// <param name="Upstream">What this sidecar connects to: the destination itself, or p2.</param>
/// <param name="Configured">Whether the upstream is the listener's configured target.</param>
/// <param name="Original">The connection's original destination, if it was asked for.</param>
internal sealed record ConnectionRoute(HostPort? Destination, HostPort Upstream, bool Configured, OriginalDestination? Original = null);
