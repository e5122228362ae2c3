using System.Net;
using System.Net.Sockets;

namespace Sidecar.Net;

// Newtypes, so that a mix-up of addresses does not compile.

/// <summary>The address that connected to the sidecar, or the client that a proxy named; a v4-mapped address as IPv4.</summary>
internal readonly record struct ClientAddress(IPEndPoint EndPoint)
{
    // One IPv6 host can choose addresses within these bits (RFC 4291, section 2.5.4).
    private const int OwnBytes = 8;

    /// <summary>
    /// The address that limits for each client count: the address itself; for IPv6 its first 64 bits, in which a host can change its
    /// address.
    /// </summary>
    public IPAddress Host
    {
        get
        {
            if (EndPoint.AddressFamily == AddressFamily.InterNetwork)
                return EndPoint.Address;
            var bytes = EndPoint.Address.GetAddressBytes();
            bytes.AsSpan(OwnBytes).Clear();
            return new IPAddress(bytes);
        }
    }

    public override string ToString() => EndPoint.ToString();
}

/// <summary>The destination of a connection before iptables redirected it; a v4-mapped address as IPv4.</summary>
internal readonly record struct OriginalDestination(IPEndPoint EndPoint)
{
    public override string ToString() => EndPoint.ToString();
}

/// <summary>The address to which the sidecar itself connected.</summary>
internal readonly record struct UpstreamAddress(IPEndPoint EndPoint)
{
    public override string ToString() => EndPoint.ToString();
}
