using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Net;
using Sidecar.Options;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>
/// Reads the PROXY header with which every connection to this listener must start, and takes the client's address from it.
/// Only peers listed as <c>proxy-clients</c> are trusted, because others could claim any address that a policy allows.
/// </summary>
internal sealed class AcceptProxyHeaderMiddleware(
    ConnectionDelegate next, ListenerOptions listener, TimeoutOptions timeouts, ConnectionRegistry registry, TimeProvider time)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        if (!listener.ProxyClients.Any(n => n.Contains(info.Peer.EndPoint.Address)))
        {
            info.End(RelayEndReason.DestinationNotAllowed, $"client {info.Peer} is not among this listener's proxy-clients");
            return;
        }

        var read = await connection.Transport.Input.ReadMessageAsync<ProxyHeader?>(ProxyHeaderParser.Parse, timeouts.Handshake, time);
        if (read.Status != ReadStatus.Complete)
        {
            info.End(HandshakeEnds.ByClient(read.Status), $"the PROXY header is {HandshakeEnds.Describe(read.Status)}");
            return;
        }

        if (read.Message is { } header)
        {
            info.Client = new ClientAddress(header.Source);
            connection.Features.Set(header);
            if (!registry.TryCountClient(info))
                return;
        }

        await next(connection);
    }
}

internal static class AcceptProxyHeaderMiddlewareExtensions
{
    /// <summary>
    /// On a listener with <c>accept-proxy</c>, sets the report's client and the <see cref="ProxyHeader"/> feature, unless the
    /// header names no client. On other listeners it does nothing.
    /// </summary>
    public static IConnectionBuilder UseAcceptProxyHeader(
        this IConnectionBuilder builder, ListenerOptions listener, TimeoutOptions timeouts, ConnectionRegistry registry, TimeProvider time) =>
        listener.AcceptProxy
            ? builder.Use(next => new AcceptProxyHeaderMiddleware(next, listener, timeouts, registry, time).OnConnectionAsync)
            : builder;
}
