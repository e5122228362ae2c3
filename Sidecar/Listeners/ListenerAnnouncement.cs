using System.Net.Sockets;
using Sidecar.Destination;

namespace Sidecar.Listeners;

/// <summary>
/// Announces the ports of this process's listeners to other sidecars in this network namespace (<see cref="NeighbourListeners"/>).
/// </summary>
internal sealed class ListenerAnnouncement : IDisposable
{
    private readonly Dictionary<int, Socket> _sockets = [];

    /// <summary>Announces these ports and no others. Only one call at a time.</summary>
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

    // A sidecar that can connect knows enough.
    private static async Task AcceptAsync(Socket socket)
    {
        try
        {
            while (true)
                (await socket.AcceptAsync()).Dispose();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The listener or the process ends, or no descriptor is left: the name stays as long as the socket.
        }
    }
}
