using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Sidecar.Options;

namespace Sidecar.Transport.Sockets;

/// <summary>Accepts with the framework's sockets, whose connections are those of Kestrel's socket transport, on the thread pool.</summary>
internal sealed class SocketTransport(
    TcpOptions tcp, IOptions<SocketTransportOptions> options, TimeProvider time, ILogger<SocketListener> acceptLogger, ILogger<SocketTransport> logger) : IProxyTransport
{
    public IProxyListener Listen(IPEndPoint address, Socket socket, ConnectionDelegate accepted)
    {
        // Accepted sockets inherit them.
        tcp.Apply(socket);
        return new DispatchingListener(new SocketListener(address, socket, options.Value, time, acceptLogger), accepted, logger);
    }
}
