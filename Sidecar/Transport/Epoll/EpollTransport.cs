using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Options;

namespace Sidecar.Transport.Epoll;

/// <summary>Accepts on the event loops. The own HTTP endpoints stay with the sockets of the framework.</summary>
internal sealed class EpollTransport(EventLoops loops, TcpOptions tcp, ILogger<EpollListener> logger) : IProxyTransport
{
    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted)
    {
        // Accepted sockets inherit them.
        tcp.Apply(socket);
        return new EpollListener(address, socket, accepted, loops, logger);
    }
}
