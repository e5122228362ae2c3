using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport;

/// <summary>A connection, or the error that there is none.</summary>
/// <param name="Connection">Null when it failed.</param>
/// <param name="Error">TimedOut when nobody answered in time.</param>
/// <param name="Detail">The failure in words.</param>
internal readonly record struct DialOutcome(ConnectionContext? Connection, SocketError Error, string? Detail);

/// <summary>Makes outbound connections.</summary>
internal interface IDialer
{
    /// <summary>Connects to one address.</summary>
    /// <param name="downstream">The connection that it is for: both live on one event loop, if there are loops.</param>
    /// <param name="address">Where to connect to.</param>
    /// <param name="source">The own address to connect from; null where the kernel is to choose it.</param>
    /// <param name="timeout">How long the other side may take.</param>
    /// <param name="cancel">Gives the attempt up. Whoever cancels takes no connection: one that comes all the same is to be disposed of.</param>
    public ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, IPAddress? source, TimeSpan timeout, CancellationToken cancel = default);
}
