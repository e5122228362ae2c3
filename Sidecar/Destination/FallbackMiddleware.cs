using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Destination;

/// <summary>
/// Connects once more, as a plain connection to the destination itself, if the other side has turned out to be no sidecar and the route
/// allows that.
/// </summary>
internal sealed partial class FallbackMiddleware(ConnectionDelegate next, ILogger<FallbackMiddleware> logger)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        await next(connection);
        if (connection.Features.Get<UpstreamFeature>() is not { NoPeer: { } reason })
            return;
        // Once: a plain connection greets nobody.
        var info = connection.Info();
        var route = connection.Features.Get<ConnectionRoute>()!;
        info.Session = PeerSession.Plain;
        connection.Features.Set(route.Plain());
        Log.FallsBack(logger, info.Listener.Name, route.Upstream, reason, route.Destination!.Value);
        await next(connection);
    }

    private static partial class Log
    {
        [LoggerMessage(8, LogLevel.Warning, "Listener {Listener}: {Upstream} is not a sidecar ({Reason}); the connection to {Destination} goes on as a plain one, because its route has fallback: plain")]
        public static partial void FallsBack(ILogger logger, string listener, HostPort upstream, string reason, HostPort destination);
    }
}

internal static class FallbackMiddlewareExtensions
{
    /// <summary>On a listener with a route that falls back, runs the stages behind it again if there is no peer. On other listeners it does nothing.</summary>
    public static IConnectionBuilder UseFallback(this IConnectionBuilder builder, ListenerOptions listener, ILogger<FallbackMiddleware> logger) =>
        listener.Routes.Any(route => route.FallsBackToPlain)
            ? builder.Use(next => new FallbackMiddleware(next, logger).OnConnectionAsync)
            : builder;
}
