using Microsoft.AspNetCore.Connections;

namespace Sidecar.Connections;

/// <summary>Feature: the connection to the upstream.</summary>
internal sealed record UpstreamFeature(ConnectionContext Connection)
{
    /// <summary>Why the upstream is not a sidecar, so that a new connection to it is made, a plain one; null otherwise.</summary>
    public string? NoPeer { get; set; }
}
