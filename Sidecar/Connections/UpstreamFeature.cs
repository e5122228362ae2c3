using Microsoft.AspNetCore.Connections;

namespace Sidecar.Connections;

/// <summary>Feature: the connection to the upstream.</summary>
internal sealed record UpstreamFeature(ConnectionContext Connection);
