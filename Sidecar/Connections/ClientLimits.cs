using System.Net;
using System.Net.Sockets;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>
/// The limits of each client of inbound listeners, so that one client cannot take all places of a listener or of the process. A client is
/// an address, for IPv6 its first 64 bits (<see cref="Net.ClientAddress.Host"/>). The registry's lock guards it.
/// </summary>
internal sealed class ClientLimits(CurrentOptions options)
{
    // With a quarter for one client, at least three others can have as much.
    private const int Parts = 4;

    // Connections to listeners that say nothing of their clients.
    private readonly ClientCounts _shared = new();

    /// <summary>Clients that are counted over several listeners.</summary>
    public int Entries => _shared.Clients;

    /// <summary>Counts a connection, and its handshake, for its client.</summary>
    /// <returns>Why it is refused; then nothing is counted. Null if it is not.</returns>
    public Ending? TryEnter(ConnectionInfo info, ListenerAccount account)
    {
        var (listener, host) = (info.Listener, info.Client.Host);
        var counted = new CountedClient(
            host, account.ClientConnections, listener.MaxClientConnections is null ? _shared : null, listener.MaxClientHandshakes is null ? null : account.ClientHandshakes);
        var most = listener.MaxClientConnections ?? Part(listener.MaxConnections);
        if (account.ClientConnections.Of(host) >= most)
            return Refusal(host, $"{most} connections to listener {listener.Name}");
        if (counted.Shared?.Of(host) >= Part(options.Value.MaxConnections))
            return Refusal(host, $"{Part(options.Value.MaxConnections)} connections");
        if (account.ClientHandshakes.Of(host) >= listener.MaxClientHandshakes)
            return Refusal(host, $"{listener.MaxClientHandshakes} handshakes under way at listener {listener.Name}");
        counted.Enter();
        info.Counted = counted;
        return null;
    }

    private static int Part(int whole) => Math.Max(1, whole / Parts);

    private static Ending Refusal(IPAddress host, string what) => new(
        RelayEndReason.ClientLimit, $"client {host}{(host.AddressFamily == AddressFamily.InterNetworkV6 ? "/64" : "")} has {what}, the most for one client");
}

/// <summary>Where a connection is counted for its client. The registry's lock guards it.</summary>
/// <param name="host">The client.</param>
/// <param name="connections">The connections to its listener.</param>
/// <param name="shared">The connections to all listeners without a limit of their own; null if its listener has one.</param>
/// <param name="handshakes">The handshakes under way at its listener; null if they have no limit.</param>
internal sealed class CountedClient(IPAddress host, ClientCounts connections, ClientCounts? shared, ClientCounts? handshakes)
{
    /// <summary>The connections to all listeners without a limit of their own; null if its listener has one.</summary>
    public ClientCounts? Shared => shared;

    /// <summary>Whether its handshake is counted and under way.</summary>
    public bool IsInHandshake { get; private set; }

    public void Enter()
    {
        connections.Add(host);
        shared?.Add(host);
        handshakes?.Add(host);
        IsInHandshake = handshakes is not null;
    }

    public void EndHandshake()
    {
        if (!IsInHandshake)
            return;
        IsInHandshake = false;
        handshakes!.Remove(host);
    }

    public void Leave()
    {
        EndHandshake();
        connections.Remove(host);
        shared?.Remove(host);
    }
}
