using System.Net.Sockets;
using Sidecar.Destination;

namespace Sidecar.Listeners;

/// <summary>Tells other sidecars in this network namespace which ports this one listens on (<see cref="NeighbourListeners"/>).</summary>
internal sealed class ListenerAnnouncement : IDisposable
{
    private readonly Dictionary<int, Socket> _sockets = [];

    /// <summary>Announces these ports and no others. Of calls there may be one at a time.</summary>
    public void Announce(IReadOnlySet<int> ports)
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var port in _sockets.Keys.Except(ports).ToList())
        {
            _sockets.Remove(port, out var socket);
            socket!.Dispose();
        }

        foreach (var port in ports.Except(_sockets.Keys))
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            _sockets.Add(port, socket);
            if (TryBind(socket, port))
                _ = AcceptAsync(socket);
        }
    }

    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
            socket.Dispose();
    }

    private static bool TryBind(Socket socket, int port)
    {
        try
        {
            socket.Bind(NeighbourListeners.NameOf(port));
            socket.Listen();
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // A sidecar with this port on another address announces it.
            return false;
        }
    }

    // Whoever connects has seen enough.
    private static async Task AcceptAsync(Socket socket)
    {
        try
        {
            while (true)
                (await socket.AcceptAsync()).Dispose();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The listener or the process ends, or there is no descriptor: the name stays as long as the socket.
        }
    }
}
