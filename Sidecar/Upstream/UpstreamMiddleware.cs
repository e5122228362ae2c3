using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Net;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Upstream;

/// <summary>Connects to the upstream and closes the connection when the later stages are done.</summary>
internal sealed partial class UpstreamMiddleware(
    ConnectionDelegate next, ListenerOptions listener, UpstreamConnector connector, SidecarMetrics metrics, ILogger<UpstreamConnector> logger)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await RunAsync(connection) is { } noPeer)
        {
            // The downgrade that the route allows: once, for a plain connection greets nobody.
            var info = connection.Info();
            info.Session = PeerSession.Plain;
            Log.FallsBack(logger, info.Listener.Name, connection.Features.Get<ConnectionRoute>()!.Upstream, noPeer);
            await RunAsync(connection);
        }
    }

    // Why the upstream is no sidecar, or null.
    private async Task<string?> RunAsync(ConnectionContext connection)
    {
        var info = connection.Info();
        var started = metrics.Now;
        // p1's connections to its own pod must still pass p2.
        var candidates = connection.Features.Get<UpstreamCandidates>()!;
        var outcome = await connector.ConnectAsync(new ConnectRequest(
            connection, candidates.Addresses, info.Timeouts.Connect - candidates.LookUp, connection.Features.Get<ConnectionRoute>()?.Rule?.Limits ?? connector.Limits, PassesThrough: listener.Role != SidecarRole.Outbound));
        if (outcome.Connection is null)
        {
            info.End(outcome.Failure!.Value, outcome.Detail);
            return null;
        }

        using var use = outcome.Use;
        await using var upstream = outcome.Connection;
        metrics.UpstreamConnected(info.Listener, started);
        info.Upstream = new UpstreamAddress((IPEndPoint)upstream.RemoteEndPoint!);
        var feature = new UpstreamFeature(upstream);
        connection.Features.Set(feature);
        if (!info.Attach(upstream))
            return null;
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

        return feature.NoPeer;
    }

    private static partial class Log
    {
        [LoggerMessage(8, LogLevel.Warning, "Listener {Listener}: {Upstream} is not a sidecar ({Reason}); the connection goes on as a plain one, because its route has fallback: plain")]
        public static partial void FallsBack(ILogger logger, string listener, HostPort upstream, string reason);
    }
}

internal static class UpstreamMiddlewareExtensions
{
    /// <summary>
    /// Sets the <see cref="UpstreamFeature"/>, or ends the connection with <c>connect_failed</c>, <c>connect_timeout</c>, <c>upstream_limit</c>
    /// or <c>circuit_open</c>.
    /// </summary>
    public static IConnectionBuilder UseUpstream(
        this IConnectionBuilder builder, ListenerOptions listener, UpstreamConnector connector, SidecarMetrics metrics, ILogger<UpstreamConnector> logger) =>
        builder.Use(next => new UpstreamMiddleware(next, listener, connector, metrics, logger).OnConnectionAsync);
}
