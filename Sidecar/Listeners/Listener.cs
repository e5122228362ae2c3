using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidecar.Transport;

namespace Sidecar.Listeners;

/// <summary>A listening socket and its current generation. Each connection keeps the generation that accepted it to its end.</summary>
internal sealed class Listener
{
    private readonly IProxyListener _accepting;
    private volatile ListenerGeneration _current;

    /// <summary>Starts to accept.</summary>
    /// <param name="transport">Who accepts.</param>
    /// <param name="address">The address as it was bound.</param>
    /// <param name="socket">The listening socket, which this takes over.</param>
    /// <param name="first">The first generation.</param>
    public Listener(IProxyTransport transport, IPEndPoint address, Socket socket, ListenerGeneration first)
    {
        (Address, _current) = (address, first);
        _accepting = transport.Listen(address, socket, OnAccepted);
    }

    /// <summary>Where it listens, with the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>What the next connection gets.</summary>
    public ListenerGeneration Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>Accepts what waits and closes the socket; connections live on.</summary>
    public Task StopAsync() => _accepting.StopAsync();

    /// <summary>Completes when it has stopped and the last of its connections, of whatever generation, is gone.</summary>
    public ValueTask WhenIdleAsync() => _accepting.DisposeAsync();

    private Task OnAccepted(ConnectionContext connection) => _current.Pipeline(connection);
}
