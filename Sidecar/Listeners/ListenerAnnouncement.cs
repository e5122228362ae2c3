using System.Net.Sockets;
using Sidecar.Destination;

namespace Sidecar.Hosting;

/// <summary>Tells other sidecars in this network namespace which ports this one listens on (<see cref="NeighbourListeners"/>).</summary>
internal sealed class ListenerAnnouncement(BoundAddresses addresses) : IHostedService, IDisposable
{
    private readonly List<Socket> _sockets = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            return Task.CompletedTask;
        foreach (var port in addresses.Listeners.Select(address => address.Port).Distinct())
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            _sockets.Add(socket);
            if (TryBind(socket, port))
                _ = AcceptAsync(socket);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

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
            // The process ends, or has no descriptor: the name stays as long as the socket.
        }
    }
}
