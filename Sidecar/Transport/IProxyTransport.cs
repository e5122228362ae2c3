using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport;

/// <summary>Accepts connections. Listeners can be added and removed while it runs.</summary>
internal interface IProxyTransport
{
    /// <summary>Starts to accept.</summary>
    /// <param name="address">The address as it was bound.</param>
    /// <param name="socket">The listening socket; the new listener owns it.</param>
    /// <param name="accepted">Runs for each connection.</param>
    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted);
}
