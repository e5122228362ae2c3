using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Handshakes.Names;

/// <summary>
/// Looks for the host name in the first bytes of a client, if a route depends on it. The name is only what the client says: it chooses a
/// route, never the address to which the sidecar connects.
/// </summary>
internal sealed class PeekNameMiddleware(ConnectionDelegate next, ListenerOptions listener, Func<ConnectionContext, HostPort?> destinationOf, TimeProvider time)
{
    public Task OnConnectionAsync(ConnectionContext connection) => TryPeekAsync(connection).ThenAsync(next, connection);

    private async ValueTask<bool> TryPeekAsync(ConnectionContext connection)
    {
        if (destinationOf(connection) is not { } destination || !listener.DependsOnName(destination))
            return true;
        var info = connection.Info();
        var look = await connection.Transport.Input.PeekMessageAsync(NameSearch.Parse, listener.PeekTimeout, time);
        if (look.Status == ReadStatus.Reset)
            return info.End(RelayEndReason.ClientReset, "the connection was reset before its route was known");
        // A client that is silent, or has ended its stream, has no name.
        info.Name = look.Message;
        return true;
    }
}

internal static class PeekNameMiddlewareExtensions
{
    /// <summary>On a listener that looks for names, notes the name that a client sends, if a route depends on it. On other listeners it does nothing.</summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="listener">Its routes.</param>
    /// <param name="destinationOf">The destination; null if the connection has none.</param>
    /// <param name="time">The clock.</param>
    public static IConnectionBuilder UsePeekName(
        this IConnectionBuilder builder, ListenerOptions listener, Func<ConnectionContext, HostPort?> destinationOf, TimeProvider time) =>
        listener.PeekNames
            ? builder.Use(next => new PeekNameMiddleware(next, listener, destinationOf, time).OnConnectionAsync)
            : builder;
}
