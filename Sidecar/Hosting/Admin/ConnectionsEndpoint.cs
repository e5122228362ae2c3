using System.Globalization;
using Microsoft.AspNetCore.Http;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Records;
using ConnectionInfo = Sidecar.Connections.ConnectionInfo;

namespace Sidecar.Hosting.Admin;

/// <summary><c>GET /connections</c>: the live ones, the oldest first. <c>DELETE /connections/{id}</c>: resets one.</summary>
internal static class ConnectionsEndpoint
{
    public static IEndpointRouteBuilder MapConnections(this IEndpointRouteBuilder routes)
    {
        var registry = routes.ServiceProvider.GetRequiredService<ConnectionRegistry>();
        var time = routes.ServiceProvider.GetRequiredService<TimeProvider>();
        routes.MapGet("/connections", (HttpResponse response, string? limit) =>
        {
            if (ListLimit.Parse(limit) is not { } count)
                return ListLimit.Wrong(limit);
            var live = registry.Live();
            response.Headers["X-Total-Count"] = live.Count.ToString(CultureInfo.InvariantCulture);
            var views = live.OrderBy(r => r.Opened).Take(count).Select(r => ConnectionView.Of(r, time)).ToArray();
            return TypedResults.Json(views, AdminJson.Default.ConnectionViewArray);
        });
        routes.MapDelete("/connections", (HttpResponse response) =>
        {
            response.Headers.Allow = HttpMethods.Get;
            return Problems.Of(StatusCodes.Status405MethodNotAllowed, "name the connection: DELETE /connections/{id}");
        });
        // An id can contain a slash, plain or encoded; routing decodes everything but the slash.
        routes.MapDelete("/connections/{**id}", (string id) =>
        {
            var found = ConnectionId.TryParse(id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out var name) ? registry.Find(name) : [];
            if (found.Count == 0)
                return Problems.Of(StatusCodes.Status404NotFound, "no live connection has this id");
            foreach (var info in found)
                info.Abort(RelayEndReason.AdminClosed, "closed over the admin port");
            return TypedResults.NoContent();
        });
        return routes;
    }
}

/// <summary>One live connection as the admin port shows it; unknown values are left out.</summary>
internal sealed record ConnectionView(
    string Id,
    string Listener,
    string Role,
    string Client,
    string? Destination,
    string? Name,
    string? Upstream,
    string? Transform,
    string State,
    double AgeMs,
    long DownstreamReceived,
    long DownstreamSent,
    long UpstreamReceived,
    long UpstreamSent)
{
    public static ConnectionView Of(ConnectionInfo info, TimeProvider time) => new(
        info.Id.ToString(),
        info.Listener.Name,
        info.Listener.Role.Word(),
        info.Client.ToString(),
        info.Destination?.ToString(),
        info.Name,
        info.Upstream?.ToString(),
        BoundedText.Of(info.Transform),
        info.State().Word(),
        Math.Round(time.GetElapsedTime(info.Opened).TotalMilliseconds, 3),
        info.Downstream.Received,
        info.Downstream.Sent,
        info.UpstreamBytes.Received,
        info.UpstreamBytes.Sent);
}
