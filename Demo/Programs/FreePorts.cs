using System.Net;
using System.Net.Sockets;

namespace Demo.Programs;

/// <summary>
/// Finds free loopback ports below the range from which Linux serves outgoing connections (net.ipv4.ip_local_port_range,
/// 32768 and up by default), so that none is taken between its choice and its use. Holds them until disposed, so that no
/// two are the same.
/// </summary>
internal sealed class FreePorts : IDisposable
{
    private const int First = 20_000;
    private const int Last = 32_767;

    private readonly List<Socket> _held = [];

    public int Next()
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(First, Last + 1)));
                socket.Listen();
                _held.Add(socket);
                return ((IPEndPoint)socket.LocalEndPoint!).Port;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse && _held.Count < Last - First)
            {
                socket.Dispose();
            }
        }
    }

    public void Dispose() => _held.ForEach(socket => socket.Dispose());
}
