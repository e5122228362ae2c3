namespace Sidecar.Upstream;

/// <summary>The limit that an upstream address has reached: the label <c>limit</c>.</summary>
internal enum UpstreamLimit
{
    Connections,
    Pending,
    Rate,
}
