using System.Net;

namespace Sidecar.Destination;

// Newtypes, so that a mix-up of addresses does not compile.

/// <summary>Who connected to the sidecar, or for whom a proxy did; a v4-mapped address as IPv4.</summary>
internal readonly record struct ClientAddress(IPEndPoint EndPoint)
{
    public override string ToString() => EndPoint.ToString();
}

/// <summary>Where a connection went before iptables redirected it; a v4-mapped address as IPv4.</summary>
internal readonly record struct OriginalDestination(IPEndPoint EndPoint)
{
    public override string ToString() => EndPoint.ToString();
}

/// <summary>What the sidecar itself connected to.</summary>
internal readonly record struct UpstreamAddress(IPEndPoint EndPoint)
{
    public override string ToString() => EndPoint.ToString();
}
