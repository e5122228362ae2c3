using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Handshakes.Socks;
using Sidecar.Options;

namespace Sidecar.Destination;

/// <summary>Finds the destination: the configured target, the one that p1 or a SOCKS client named, or SO_ORIGINAL_DST.</summary>
internal sealed class RouteMiddleware(ConnectionDelegate next, ListenerOptions listener)
{
    private readonly ConnectionRoute? _fixed = Fixed(listener);

    public Task OnConnectionAsync(ConnectionContext connection)
    {
        if (FindRoute(connection) is not { } route)
        {
            connection.Info().End(RelayEndReason.NoOriginalDestination, "the connection was not redirected to this listener");
            return Task.CompletedTask;
        }

        var info = connection.Info();
        info.Destination = route.Destination;
        if (listener.Routes.Count > 0)
        {
            route = Choose(route, info.Name);
            if (route.Rule is { Action: RouteAction.Deny })
            {
                info.End(RelayEndReason.DestinationNotAllowed, $"a route of this listener denies {route.Destination}{(info.Name is { } name ? $" ({name})" : "")}");
                return Task.CompletedTask;
            }

            if (route.Rule is not { Action: RouteAction.Peer })
                info.Session = PeerSession.Plain;
            info.Timeouts = route.Rule?.Timeouts ?? info.Timeouts;
        }

        connection.Features.Set(route);
        return next(connection);
    }

    /// <summary>The port of the destination, as far as it is known before a greeting: of the target, or of the original destination.</summary>
    public static int? PortOf(ConnectionContext connection, ListenerOptions listener) =>
        listener.Target?.Port ?? OriginalDestinationReader.Read(connection)?.EndPoint.Port;

    /// <summary>The original destination, before anything is read; null if there is none.</summary>
    public static HostPort? DestinationOf(ConnectionContext connection) =>
        OriginalDestinationReader.Read(connection) is { EndPoint: var original } ? Of(original) : null;

    // The same for every connection, if the configuration alone decides it.
    private static ConnectionRoute? Fixed(ListenerOptions listener) => listener switch
    {
        { Target: null } => null,
        // p1 reaches p2 at its target; it names the destination only if it knows one.
        { Role: SidecarRole.Outbound, Mode: ListenerMode.Fixed, Target: { } peer } => new ConnectionRoute(null, peer, Configured: true),
        { Role: SidecarRole.Outbound } => null,
        { Target: { } target } => new ConnectionRoute(target, target, Configured: true),
    };

    private ConnectionRoute? FindRoute(ConnectionContext connection)
    {
        if (_fixed is not null)
            return _fixed;
        var requested = Requested(connection);
        return requested is not null && listener.Target is { } peer ? requested with { Upstream = peer, Configured = true } : requested;
    }

    private static ConnectionRoute? Requested(ConnectionContext connection)
    {
        var original = OriginalDestinationReader.Read(connection);
        var said = connection.Features.Get<PeerGreeting?>() is { Host: { } host, Port: var port } ? new HostPort(host, port)
            : connection.Features.Get<SocksRequest?>() is { } request ? request.Destination
            : original is { EndPoint: var endPoint } ? Of(endPoint)
            : (HostPort?)null;
        return said is { } destination ? new ConnectionRoute(destination, destination, Configured: false, original) : null;
    }

    // The name only chooses the route: the destination stays, and the guard judges it. Only a connection that greets goes to the peer of its
    // route, or to the target.
    private ConnectionRoute Choose(ConnectionRoute route, string? name)
    {
        var rule = listener.RouteFor(route.Destination!.Value, name);
        var chosen = route with { Rule = rule };
        return rule is not { Action: RouteAction.Peer } ? chosen.Plain()
            : rule.Peer is { } peer ? chosen with { Upstream = peer, Configured = true }
            : chosen;
    }

    private static HostPort Of(IPEndPoint endPoint) => new(endPoint.Address.ToString(), endPoint.Port);
}

internal static class RouteMiddlewareExtensions
{
    /// <summary>
    /// Sets the <see cref="ConnectionRoute"/> feature, or ends the connection with <c>no_original_destination</c> or
    /// <c>destination_not_allowed</c>.
    /// </summary>
    public static IConnectionBuilder UseRoute(this IConnectionBuilder builder, ListenerOptions listener) =>
        builder.Use(next => new RouteMiddleware(next, listener).OnConnectionAsync);
}
