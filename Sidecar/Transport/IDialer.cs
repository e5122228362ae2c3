using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Transport;

/// <summary>A connection, or the reason why there is none.</summary>
/// <param name="Connection">Null if connecting failed.</param>
/// <param name="Error">TimedOut if no answer came in time.</param>
/// <param name="Detail">The text of the failure.</param>
internal readonly record struct DialOutcome(ConnectionContext? Connection, SocketError Error, string? Detail);

/// <summary>Makes outbound connections.</summary>
internal interface IDialer
{
    /// <summary>Connects to one address.</summary>
    /// <param name="downstream">The connection that needs the new one. If there are event loops, both belong to the same loop.</param>
    /// <param name="address">The address to connect to.</param>
    /// <param name="source">The own address to connect from; null if the kernel chooses it.</param>
    /// <param name="timeout">Time limit for the answer of the other side.</param>
    /// <param name="cancel">Gives up the attempt. A caller that cancels must dispose of a connection that it gets nevertheless.</param>
    public ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, IPAddress? source, TimeSpan timeout, CancellationToken cancel = default);
}
