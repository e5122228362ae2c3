using System.Net;
using System.Net.Sockets;

namespace Sidecar.Tests.VideoApi.Support;

/// <summary>A port that refuses connections and that nobody else can take meanwhile: bound, not listening.</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public Uri Url => new($"http://{_socket.LocalEndPoint}");

    public void Dispose() => _socket.Dispose();
}
