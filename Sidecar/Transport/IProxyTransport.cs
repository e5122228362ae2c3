using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport;

/// <summary>Accepts connections. Listeners come and go while it runs.</summary>
internal interface IProxyTransport
{
    /// <summary>Starts to accept.</summary>
    /// <param name="address">The address as it was bound.</param>
    /// <param name="socket">The listening socket, which this takes over.</param>
    /// <param name="accepted">Run for each connection.</param>
    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted);
}
