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
    /// <param name="transport">The transport that accepts.</param>
    /// <param name="address">The bound address.</param>
    /// <param name="socket">The listening socket, which the listener takes over.</param>
    /// <param name="first">The first generation.</param>
    public Listener(IProxyTransport transport, IPEndPoint address, Socket socket, ListenerGeneration first)
    {
        (Address, _current) = (address, first);
        _accepting = transport.Listen(address, socket, OnAccepted);
    }

    /// <summary>Its address, with the real port.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The generation of the next connection.</summary>
    public ListenerGeneration Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>Accepts the waiting connections and closes the socket; connections continue.</summary>
    public Task StopAsync() => _accepting.StopAsync();

    /// <summary>Completes when it has stopped and the last of its connections, of any generation, has ended.</summary>
    public ValueTask WhenIdleAsync() => _accepting.DisposeAsync();

    private Task OnAccepted(ConnectionContext connection) => _current.Pipeline(connection);
}
