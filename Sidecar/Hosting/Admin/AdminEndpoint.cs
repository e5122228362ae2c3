using System.Text.Json.Serialization;
using Chassis;
using Microsoft.AspNetCore.Http;
using Oracle.Protocol;
using Sidecar.Listeners;
using Sidecar.Options;

namespace Sidecar.Hosting.Admin;

/// <summary>The admin port: the listeners as the process understood them, its live connections, its upstreams, its outputs of records, and its end.</summary>
internal static class AdminEndpoint
{
    public static IEndpointRouteBuilder MapAdmin(this IEndpointRouteBuilder routes)
    {
        var listeners = routes.ServiceProvider.GetRequiredService<ListenerTable>();
        routes.MapGet("/listeners", () => TypedResults.Json(listeners.Current.Select(ListenerView.Of).ToArray(), AdminJson.Default.ListenerViewArray));
        routes.MapConfig();
        routes.MapConnections();
        routes.MapUpstreams();
        routes.MapOutputs();
        routes.MapTap();
        routes.MapDrain();
        return routes;
    }
}

/// <summary>One listener as the admin port shows it.</summary>
internal sealed record ListenerView(
    string Name, string Role, string Address, string Mode, string? Target, string? Oracle, string? OracleDialect, string? Transform,
    DestinationTransformView[]? DestinationTransforms, string? Peers, PortPeersView[]? Ports, RouteView[]? Routes, string[]? ProxyClients,
    string? SendProxy, bool Observe)
{
    public static ListenerView Of(Listener listener)
    {
        var options = listener.Current.Options;
        return new ListenerView(
            options.Name,
            options.Role.Word(),
            listener.Address.ToString(),
            EnumWords.Of(options.Mode),
            options.Target?.ToString(),
            options.Oracle?.ToString(),
            options.Oracle is null ? null : EnumWords.Of(options.OracleDialect),
            options.Oracle is null ? options.Transform.Shown : null,
            options.DestinationTransforms is { Count: > 0 } entries ? [.. entries.Select(DestinationTransformView.Of)] : null,
            options.Role == SidecarRole.Inbound ? options.Peers.Word() : null,
            options.PortPeers is { Count: > 0 } ports ? [.. ports.Select(PortPeersView.Of)] : null,
            options.Routes is { Count: > 0 } routes ? [.. routes.Select(RouteView.Of)] : null,
            options.AcceptProxy ? [.. options.ProxyClients.Select(n => n.ToString())] : null,
            options.SendProxy is { } version ? EnumWords.Of(version) : null,
            options.Observe);
    }
}

/// <summary>The transform of some destinations, as the admin port shows it.</summary>
internal sealed record DestinationTransformView(string[] Destination, string Transform)
{
    public static DestinationTransformView Of(DestinationTransform entry) =>
        new([.. entry.Destinations.Select(d => d.ToString())], entry.Transform.Shown);
}

/// <summary>The clients that some ports take, as the admin port shows them.</summary>
internal sealed record PortPeersView(int[] Port, string Peers)
{
    public static PortPeersView Of(PortPeers entry) => new([.. entry.Ports], entry.Peers.Word());
}

/// <summary>A route, as the admin port shows it; <c>/config</c> has its limits.</summary>
internal sealed record RouteView(string[] Destination, string Action, string? Peer, string? Transform, string? Fallback)
{
    public static RouteView Of(OutboundRoute route) => new(
        [.. route.Destinations.Select(d => d.ToString())], route.Action.Word(), route.Peer?.ToString(), route.Transform?.Shown, route.FallsBackToPlain ? "plain" : null);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListenerView[]))]
[JsonSerializable(typeof(ConfigView))]
[JsonSerializable(typeof(ConnectionView[]))]
[JsonSerializable(typeof(DrainView))]
[JsonSerializable(typeof(OutputView[]))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(UpstreamView[]))]
internal sealed partial class AdminJson : JsonSerializerContext;
