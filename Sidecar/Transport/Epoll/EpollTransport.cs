using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Options;

namespace Sidecar.Transport.Epoll;

/// <summary>Accepts on the event loops. The own HTTP endpoints use the framework's sockets.</summary>
internal sealed class EpollTransport(EventLoops loops, TcpOptions tcp, ILogger<EpollListener> logger) : IProxyTransport
{
    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted)
    {
        // Accepted sockets inherit the options of the listening socket.
        tcp.Apply(socket);
        return new EpollListener(address, socket, accepted, loops, logger);
    }
}
