using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sidecar.Net;

namespace Sidecar.Destination;

/// <summary>
/// The listeners of other sidecars in this network namespace. Each sidecar announces its listeners by abstract UNIX sockets, which
/// the kernel keeps for each namespace while the process lives. Only announcements of this user or root count.
/// </summary>
internal sealed class NeighbourListeners(TimeProvider time)
{
    // Short enough to notice a sidecar that has just started or ended, and long enough to make repeated questions of a client cheap.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    // More ports than a host's clients use within a second; above that all are looked up again.
    private const int MaxKnown = 1024;

    // socket(7): SOL_SOCKET, and SO_PEERCRED with the three numbers pid, uid and gid.
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    private readonly ConcurrentDictionary<int, (bool IsListener, long Seen)> _known = new();

    /// <summary>The socket that announces the listener on a port.</summary>
    public static UnixDomainSocketEndPoint NameOf(int port) => new(string.Create(CultureInfo.InvariantCulture, $"\0sidecar/listener/{port}"));

    /// <summary>Whether a sidecar listens on this port of a local address.</summary>
    public bool Contain(IPEndPoint address) => OperatingSystem.IsLinux() && IsAnnounced(address.Port) && LocalAddress.IsLocal(address.Address);

    private bool IsAnnounced(int port)
    {
        if (_known.TryGetValue(port, out var known) && time.GetElapsedTime(known.Seen) < Lifetime)
            return known.IsListener;
        var isListener = LookUp(port);
        if (_known.Count >= MaxKnown)
            _known.Clear();
        _known[port] = (isListener, time.GetTimestamp());
        return isListener;
    }

    private static bool LookUp(int port)
    {
        // It connects at once or not at all.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(NameOf(port));
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionRefused)
        {
            return false;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock)
        {
            // The socket exists, but its queue is full. Its owner is not known, so the destination is not allowed.
            return true;
        }

        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        var user = MemoryMarshal.Read<uint>(credentials[4..]);
        return user == 0 || user == Libc.GetEffectiveUser();
    }
}
