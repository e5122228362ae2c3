using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport;

/// <summary>A proxy listener's address and the stages of its connections: what tells it from the sidecar's own HTTP endpoints.</summary>
internal sealed class ProxyEndPoint(IPEndPoint address) : IPEndPoint(address.Address, address.Port)
{
    /// <summary>The stages, as Kestrel's listen options have built them.</summary>
    public ConnectionDelegate Pipeline { get; set; } = _ => throw new InvalidOperationException("the listener has no pipeline");
}
