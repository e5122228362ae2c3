using System.Net;
using System.Net.Sockets;

namespace Chassis.Net;

/// <summary>
/// Claims every listening port before anything else starts, so that a port in use is an error that names the option
/// and a default port can move. Kestrel takes the sockets over through <see cref="ListenSocketTransport"/>.
/// </summary>
public sealed class ListenSockets : IDisposable
{
    /// <summary>
    /// Connections that can wait to be accepted, by default; the kernel limits it to net.core.somaxconn (4096 since Linux 5.4).
    /// </summary>
    public const int DefaultBacklog = 1024;

    private readonly Dictionary<EndPoint, Socket> _bound = [];
    private readonly Dictionary<EndPoint, IPEndPoint> _moved = [];
    private readonly List<UnixDomainSocketEndPoint> _files = [];

    /// <summary>Ports that are never chosen as a free port: ports of services that may not have started yet.</summary>
    public IReadOnlySet<int> Avoided { get; init; } = new HashSet<int>();

    /// <summary>Claims an address that the user named.</summary>
    /// <param name="address">Where to listen; port 0 takes any free one.</param>
    /// <param name="origin">The option or key that named it.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <returns>The address with the real port.</returns>
    /// <exception cref="UsageException">The address is in use, is not an address of this machine, or needs rights.</exception>
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

    /// <summary>Claims a path of the file system, for this user only (mode 0600). <see cref="Dispose"/> removes the file.</summary>
    /// <exception cref="UsageException">Another process listens there, the file is not a socket, or the socket cannot be made.</exception>
    public void Bind(UnixDomainSocketEndPoint address, string origin)
    {
        try
        {
            _bound.Add(address, UnixListenSocket.Listen(address, DefaultBacklog));
            _files.Add(address);
        }
        catch (FormatException reason)
        {
            throw new UsageException($"{origin} 'unix:{address}': {reason.Message}", reason);
        }
    }

    /// <summary>
    /// Claims a default address; when it is in use, the next free port up to <paramref name="lastPort"/>, otherwise any port. A server
    /// that accepts through <see cref="ListenSocketTransport"/> goes back to the default port when that is free.
    /// </summary>
    /// <exception cref="UsageException">No port of this address is free.</exception>
    public IPEndPoint BindDefault(IPEndPoint address, int lastPort, string origin)
    {
        for (var port = address.Port; port <= lastPort; port++)
        {
            if (port != address.Port && Avoided.Contains(port))
                continue;
            try
            {
                return NoteMove(address, Listen(new IPEndPoint(address.Address, port), DefaultBacklog));
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // In use: try the next one.
            }
            catch (SocketException error)
            {
                throw new UsageException($"{origin} '{address}': {Explain(error, address)}", error);
            }
        }

        return NoteMove(address, Bind(new IPEndPoint(address.Address, 0), origin));
    }

    /// <summary>The default address that a claimed address has replaced; null if it is the default itself.</summary>
    internal IPEndPoint? DefaultOf(EndPoint bound) => _moved.GetValueOrDefault(bound);

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
        _files.ForEach(UnixListenSocket.Remove);
        _files.Clear();
    }

    private IPEndPoint NoteMove(IPEndPoint wanted, IPEndPoint bound)
    {
        if (bound.Port != wanted.Port)
            _moved.Add(bound, wanted);
        return bound;
    }

    private IPEndPoint Listen(IPEndPoint address, int backlog)
    {
        // Ports to be avoided stay bound during the search, or the kernel could return them again.
        var avoided = new List<Socket>();
        try
        {
            while (true)
            {
                var socket = Open(address, backlog);
                var bound = (IPEndPoint)socket.LocalEndPoint!;
                if (address.Port != 0 || !Avoided.Contains(bound.Port))
                {
                    _bound.Add(bound, socket);
                    return bound;
                }

                avoided.Add(socket);
            }
        }
        finally
        {
            avoided.ForEach(socket => socket.Dispose());
        }
    }

    /// <summary>A socket that listens.</summary>
    /// <exception cref="SocketException">The kernel refuses.</exception>
    internal static Socket Open(IPEndPoint address, int backlog)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(address);
            // Listens at once: two sockets can be bound to one port while neither of them listens.
            socket.Listen(backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
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
