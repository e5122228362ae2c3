using System.Net;
using System.Net.Sockets;
using Testing.Peers;

namespace Sidecar.Tests.Support.Peers;

/// <summary>A port that accepts connections, refuses them, and accepts them again.</summary>
internal sealed class FlappingServer : IDisposable
{
    private Socket _socket;

    public FlappingServer()
    {
        _socket = Bind(0);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        Accept();
    }

    public int Port { get; }

    /// <summary>Accepts from now on.</summary>
    public void Accept() => _socket.Listen();

    /// <summary>Refuses from now on: the port is bound, but nobody listens.</summary>
    public void Refuse()
    {
        _socket.Dispose();
        _socket = Bind(Port);
    }

    /// <summary>The next connection.</summary>
    public async Task<Socket> AcceptAsync() => await _socket.AcceptAsync().WaitAsync(SocketTalk.Limit);

    public void Dispose() => _socket.Dispose();

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }
}
