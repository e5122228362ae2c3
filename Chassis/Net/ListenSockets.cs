using System.Net;
using System.Net.Sockets;

namespace Chassis.Net;

/// <summary>
/// Claims every listening port before anything else starts, so that a port in use is an error that names the option
/// and a default port can move. Kestrel takes the sockets over through <see cref="ListenSocketTransport"/>.
/// </summary>
public sealed class ListenSockets : IDisposable
{
    /// <summary>Connections that may wait to be accepted, by default; the kernel cuts it to net.core.somaxconn (4096 since Linux 5.4).</summary>
    public const int DefaultBacklog = 1024;

    private readonly Dictionary<EndPoint, Socket> _bound = [];

    /// <summary>Claims an address that the user named.</summary>
    /// <param name="address">Where to listen; port 0 takes any free one.</param>
    /// <param name="origin">The option or key that named it.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <returns>The address with the real port.</returns>
    /// <exception cref="UsageException">It is in use, not an address of this machine, or needs rights.</exception>
    public IPEndPoint Bind(IPEndPoint address, string origin, int backlog = DefaultBacklog)
    {
        try
        {
            return Listen(address, backlog);
        }
        catch (SocketException error)
        {
            throw new UsageException($"{origin} '{address}': {Explain(error, address)}", error);
        }
    }

    /// <summary>Claims a default address; when it is taken, the next free port up to <paramref name="lastPort"/>.</summary>
    /// <exception cref="UsageException">None is free.</exception>
    public IPEndPoint BindDefault(IPEndPoint address, int lastPort, string origin)
    {
        for (var port = address.Port; port < lastPort; port++)
        {
            try
            {
                return Listen(new IPEndPoint(address.Address, port), DefaultBacklog);
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Taken: try the next one. The last is tried below, where its error is shown.
            }
        }

        return Bind(new IPEndPoint(address.Address, lastPort), origin);
    }

    /// <summary>Hands a claimed socket over to the server that accepts on it.</summary>
    public Socket Take(EndPoint address)
    {
        if (!_bound.Remove(address, out var socket))
            throw new InvalidOperationException($"{address} was not bound");
        return socket;
    }

    /// <summary>Closes the sockets that nobody took.</summary>
    public void Dispose()
    {
        foreach (var socket in _bound.Values)
            socket.Dispose();
        _bound.Clear();
    }

    private IPEndPoint Listen(IPEndPoint address, int backlog)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(address);
            // Listening at once: two sockets can be bound to one port as long as neither listens.
            socket.Listen(backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var bound = (IPEndPoint)socket.LocalEndPoint!;
        _bound.Add(bound, socket);
        return bound;
    }

    private static string Explain(SocketException error, IPEndPoint address) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse when PortHolder.Find(address) is { } holder => $"the port is in use by {holder}; stop it or choose another port",
        SocketError.AddressAlreadyInUse => "the port is in use; stop the program that listens there or choose another port",
        SocketError.AddressNotAvailable => "this machine has no such address",
        SocketError.AccessDenied => "not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE",
        _ => error.Message,
    };
}
