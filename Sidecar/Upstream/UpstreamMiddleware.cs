using System.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Upstream;

/// <summary>Connects to the upstream and closes the connection when the later stages are done.</summary>
internal sealed class UpstreamMiddleware(ConnectionDelegate next, ListenerOptions listener, UpstreamConnector connector, SidecarMetrics metrics)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var started = metrics.Now;
        var candidates = connection.Features.Get<UpstreamCandidates>()!;
        var limits = connection.Features.Get<ConnectionRoute>()?.Rule?.Limits ?? connector.Limits;
        // p1's connections to its own pod must still pass p2.
        var outcome = await connector.ConnectAsync(new ConnectRequest(
            connection, candidates.Addresses, info.Timeouts.Connect, candidates.LookUp, limits, PassesThrough: listener.Role != SidecarRole.Outbound));
        if (outcome.Connection is null)
        {
            info.End(outcome.Failure!.Value, outcome.Detail);
            return;
        }

        using var use = outcome.Use;
        await using var upstream = outcome.Connection;
        metrics.UpstreamConnected(info.Listener, started);
        info.Upstream = new UpstreamAddress((IPEndPoint)upstream.RemoteEndPoint!);
        var feature = new UpstreamFeature(upstream);
        connection.Features.Set(feature);
        if (!info.Attach(upstream))
            return;
        var isOrderly = false;
        try
        {
            await next(connection);
            isOrderly = info.Failure is null && feature.NoPeer is null;
        }
        finally
        {
            // A refusal or a bug after the connect must not look like an orderly end to the service.
            if (!isOrderly)
                upstream.Abort();
        }
    }
}

internal static class UpstreamMiddlewareExtensions
{
    /// <summary>
    /// Sets the <see cref="UpstreamFeature"/>, or ends the connection with <c>connect_failed</c>, <c>connect_timeout</c>, <c>upstream_limit</c>
    /// or <c>circuit_open</c>.
    /// </summary>
    public static IConnectionBuilder UseUpstream(
        this IConnectionBuilder builder, ListenerOptions listener, UpstreamConnector connector, SidecarMetrics metrics) =>
        builder.Use(next => new UpstreamMiddleware(next, listener, connector, metrics).OnConnectionAsync);
}
