using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Handshakes.Socks;

/// <summary>Reads the request of a SOCKS4 or SOCKS4a client. CONNECT is served; BIND is refused, as the protocol demands.</summary>
internal sealed class SocksMiddleware(ConnectionDelegate next, ListenerOptions listener, TimeoutOptions timeouts, TimeProvider time)
{
    // VN 0, CD 90 granted or 91 rejected, then port and address, which clients of CONNECT ignore.
    private static readonly byte[] Granted = [0, 90, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Rejected = [0, 91, 0, 0, 0, 0, 0, 0];

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        if (!IsAllowed(info))
        {
            info.End(RelayEndReason.DestinationNotAllowed, $"client {info.Client} may not use this SOCKS listener");
            return;
        }

        var read = await connection.Transport.Input.ReadMessageAsync<SocksRequest>(SocksRequest.Parse, timeouts.Handshake, time);
        if (read.Message is not { } request)
        {
            info.End(HandshakeEnds.ByClient(read.Status), $"SOCKS request {HandshakeEnds.Describe(read.Status)}");
            return;
        }

        info.Destination = request.Destination;
        var answer = new DownstreamAnswer(Granted, Rejected);
        connection.Features.Set(answer);
        if (request.Command == SocksRequest.Connect)
        {
            connection.Features.Set(request);
            await next(connection);
        }
        else
        {
            info.End(RelayEndReason.ProtocolError, "SOCKS BIND is not served");
        }

        await answer.RefuseUnlessGrantedAsync(connection);
    }

    // A loopback address in another host's PROXY header belongs to that host, not to this one.
    private bool IsAllowed(ConnectionInfo info) =>
        (IPAddress.IsLoopback(info.Client.EndPoint.Address) && IPAddress.IsLoopback(info.Peer.EndPoint.Address))
        || listener.AllowClients.Any(n => n.Contains(info.Client.EndPoint.Address));
}

internal static class SocksMiddlewareExtensions
{
    /// <summary>
    /// On a socks4 listener, sets the <see cref="SocksRequest"/> feature and a <see cref="DownstreamAnswer"/>. On other listeners it does
    /// nothing.
    /// </summary>
    public static IConnectionBuilder UseSocks(this IConnectionBuilder builder, ListenerOptions listener, TimeoutOptions timeouts, TimeProvider time) =>
        listener.Mode == ListenerMode.Socks4
            ? builder.Use(next => new SocksMiddleware(next, listener, timeouts, time).OnConnectionAsync)
            : builder;
}
