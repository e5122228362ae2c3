using System.Net;

namespace Chassis.Net;

/// <summary>An address, or an IPv6 network of 64 bits, and its places. Guarded by <see cref="ConnectionPlaces"/>.</summary>
internal sealed class ConnectionAsker(IPAddress key)
{
    public IPAddress Key => key;

    public int Places { get; set; }
}
