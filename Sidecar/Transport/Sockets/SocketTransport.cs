using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Options;

namespace Sidecar.Transport.Sockets;

/// <summary>Accepts with the framework's sockets and serves the connections on the thread pool.</summary>
internal sealed class SocketTransport(TcpOptions tcp, TimeProvider time, ILogger<SocketAcceptor> acceptLogger, ILogger<SocketTransport> logger) : IProxyTransport
{
    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted)
    {
        // Accepted sockets inherit the options of the listening socket.
        tcp.Apply(socket);
        return new DispatchingListener(new SocketAcceptor(address, socket, time, acceptLogger), accepted, logger);
    }
}
