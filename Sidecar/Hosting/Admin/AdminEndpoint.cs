using System.Net;
using System.Text.Json.Serialization;
using Chassis;
using Oracle.Protocol;
using Sidecar.Configuration;

namespace Sidecar.Hosting.Admin;

/// <summary>The admin port: what this process does, as it was understood; its live connections; its end.</summary>
internal static class AdminEndpoint
{
    public static IEndpointRouteBuilder MapAdmin(this IEndpointRouteBuilder routes, SidecarOptions options, BoundAddresses addresses)
    {
        var listeners = options.Listeners.Zip(addresses.Listeners, (listener, address) => new ListenerView(
            listener.Name,
            listener.Role.Word(),
            address.ToString(),
            EnumWords.Of(listener.Mode),
            listener.Target?.ToString(),
            listener.Oracle?.ToString(),
            listener.Oracle is null ? null : EnumWords.Of(listener.OracleDialect),
            listener.Oracle is null ? listener.Transform.ToString() : null,
            listener.DestinationTransforms is { Count: > 0 } entries ? [.. entries.Select(DestinationTransformView.Of)] : null,
            listener.AcceptProxy ? [.. listener.ProxyClients.Select(n => n.ToString())] : null,
            listener.SendProxy is { } version ? EnumWords.Of(version) : null,
            listener.Observe)).ToArray();
        var own = routes.MapGroup("").AddEndpointFilter(async (context, next) => IsOfWebPage(context.HttpContext.Request)
            ? Problems.Of(StatusCodes.Status403Forbidden, "requests of web pages, and of hosts other than an address or localhost, are not served")
            : await next(context));
        own.MapGet("/listeners", () => TypedResults.Json(listeners, AdminJson.Default.ListenerViewArray));
        own.MapConnections();
        own.MapTap();
        own.MapDrain();
        return routes;
    }

    // Web pages must not reach the loopback port through a browser of this machine: their requests bear an origin, or, of a page
    // whose own name was made to point here, that name.
    private static bool IsOfWebPage(HttpRequest request) =>
        request.Headers.Origin.Count > 0
        || (request.Host.HasValue && !IPAddress.TryParse(request.Host.Host, out _) && !request.Host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase));
}

/// <summary>One listener as the admin port shows it.</summary>
internal sealed record ListenerView(
    string Name, string Role, string Address, string Mode, string? Target, string? Oracle, string? OracleDialect, string? Transform,
    DestinationTransformView[]? DestinationTransforms, string[]? ProxyClients, string? SendProxy, bool Observe);

/// <summary>The transform of some destinations as the admin port shows it.</summary>
internal sealed record DestinationTransformView(string[] Destination, string Transform)
{
    public static DestinationTransformView Of(DestinationTransform entry) =>
        new([.. entry.Destinations.Select(d => d.ToString())], entry.Transform.ToString());
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListenerView[]))]
[JsonSerializable(typeof(ConnectionView[]))]
[JsonSerializable(typeof(DrainView))]
[JsonSerializable(typeof(ProblemView))]
internal sealed partial class AdminJson : JsonSerializerContext;
