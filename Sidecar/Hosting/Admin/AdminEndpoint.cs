using System.Text.Json.Serialization;
using Chassis;
using Oracle.Protocol;
using Sidecar.Options;

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
            listener.Oracle is null ? listener.Transform.Shown : null,
            listener.DestinationTransforms is { Count: > 0 } entries ? [.. entries.Select(DestinationTransformView.Of)] : null,
            listener.AcceptProxy ? [.. listener.ProxyClients.Select(n => n.ToString())] : null,
            listener.SendProxy is { } version ? EnumWords.Of(version) : null,
            listener.Observe)).ToArray();
        routes.MapGet("/listeners", () => TypedResults.Json(listeners, AdminJson.Default.ListenerViewArray));
        routes.MapConnections();
        routes.MapTap();
        routes.MapDrain();
        return routes;
    }
}

/// <summary>One listener as the admin port shows it.</summary>
internal sealed record ListenerView(
    string Name, string Role, string Address, string Mode, string? Target, string? Oracle, string? OracleDialect, string? Transform,
    DestinationTransformView[]? DestinationTransforms, string[]? ProxyClients, string? SendProxy, bool Observe);

/// <summary>The transform of some destinations as the admin port shows it.</summary>
internal sealed record DestinationTransformView(string[] Destination, string Transform)
{
    public static DestinationTransformView Of(DestinationTransform entry) =>
        new([.. entry.Destinations.Select(d => d.ToString())], entry.Transform.Shown);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListenerView[]))]
[JsonSerializable(typeof(ConnectionView[]))]
[JsonSerializable(typeof(DrainView))]
[JsonSerializable(typeof(ProblemView))]
internal sealed partial class AdminJson : JsonSerializerContext;
