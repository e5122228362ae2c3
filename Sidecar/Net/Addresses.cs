using System.Net;
using System.Net.Sockets;

namespace Sidecar.Net;

// Newtypes, so that a mix-up of addresses does not compile.

/// <summary>Who connected to the sidecar, or for whom a proxy did; a v4-mapped address as IPv4.</summary>
internal readonly record struct ClientAddress(IPEndPoint EndPoint)
{
    // What one IPv6 host has to choose addresses from (RFC 4291, section 2.5.4).
    private const int OwnBytes = 8;

    /// <summary>What limits for each client count as one: the address; of IPv6 its first 64 bits, within which a host changes at will.</summary>
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
