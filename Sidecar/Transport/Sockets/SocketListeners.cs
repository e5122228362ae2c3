using System.Net;
using Chassis.Net;

namespace Sidecar.Transport.Sockets;

/// <summary>The proxy listeners of Kestrel's socket transport, which itself can only close all endpoints together.</summary>
internal sealed class SocketListeners(ListenSockets sockets, IReadOnlyList<IPEndPoint> listeners) : IDrainable
{
    // Kestrel hands an accepted connection to the thread pool; until its first stage runs nobody knows of it.
    private static readonly TimeSpan Dispatch = TimeSpan.FromMilliseconds(25);

    public async Task StopAcceptingAsync()
    {
        await Task.WhenAll(listeners.Select(sockets.CloseAsync));
        await Task.Delay(Dispatch);
    }
}
