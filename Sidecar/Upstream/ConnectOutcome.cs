using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;

namespace Sidecar.Upstream;

/// <summary>A connection to an upstream, or why there is none.</summary>
/// <param name="Connection">The connection; null if there is none.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="Detail">The failure in words.</param>
/// <param name="Use">What the connection counts for; its owner disposes of it after the connection.</param>
internal readonly record struct ConnectOutcome(ConnectionContext? Connection, RelayEndReason? Failure, string? Detail, UpstreamUse? Use = null)
{
    /// <summary>Whether a limit or an ejection prevented the attempt.</summary>
    public bool IsRefused => Failure is RelayEndReason.UpstreamLimit or RelayEndReason.CircuitOpen;
}
