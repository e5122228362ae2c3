using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Handshakes.ProxyProtocol;

/// <summary>
/// Sends the upstream a PROXY header with the client and its destination, before any other byte. A service that p1 reaches without a sidecar
/// expects none.
/// </summary>
internal sealed class SendProxyHeaderMiddleware(ConnectionDelegate next, ListenerOptions listener, ProxyVersion version)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        if (listener.Role == SidecarRole.Outbound && info.Session.IsPlain())
        {
            await next(connection);
            return;
        }

        var output = connection.Features.Get<UpstreamFeature>()!.Connection.Transport.Output;
        ProxyHeader.Of(info.Client.EndPoint, DestinationOf(connection)).WriteTo(output, version);
        // Without a flush, the header leaves in one segment with p1's greeting.
        if (listener.Role == SidecarRole.Outbound || await FlushAsync(output, info))
            await next(connection);
    }

    // A proxy before this sidecar has the best knowledge; after a redirection the local address is the sidecar's own.
    private static IPEndPoint DestinationOf(ConnectionContext connection) =>
        connection.Features.Get<ProxyHeader>()?.Destination
        ?? connection.Features.Get<ConnectionRoute>()?.Original?.EndPoint
        ?? (IPEndPoint)connection.LocalEndPoint!;

    // A server that speaks first can wait for the header, and a client for the server, so this must not wait for the client.
    private static async ValueTask<bool> FlushAsync(PipeWriter output, ConnectionInfo info)
    {
        try
        {
            await output.FlushAsync();
            return true;
        }
        catch (IOException error)
        {
            return info.End(RelayEndReason.UpstreamReset, error.Message);
        }
    }
}

internal static class SendProxyHeaderMiddlewareExtensions
{
    /// <summary>
    /// On a listener with <c>send-proxy</c>, starts the upstream's bytes with a header. On other listeners it does nothing.
    /// </summary>
    public static IConnectionBuilder UseSendProxyHeader(this IConnectionBuilder builder, ListenerOptions listener) =>
        listener.SendProxy is { } version
            ? builder.Use(next => new SendProxyHeaderMiddleware(next, listener, version).OnConnectionAsync)
            : builder;
}
