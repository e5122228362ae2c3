using System.Text.Json.Serialization;
using Oracle.Protocol;
using Sidecar.Configuration;

namespace Sidecar.Hosting;

/// <summary><c>GET /listeners</c> on the admin port: what this process does, as it was understood.</summary>
internal static class AdminEndpoint
{
    public static IEndpointRouteBuilder MapAdmin(this IEndpointRouteBuilder routes, SidecarOptions options, BoundAddresses addresses)
    {
        var listeners = options.Listeners.Zip(addresses.Listeners, (listener, address) => new ListenerView(
            listener.Name,
            listener.Role.Word(),
            address.ToString(),
            JsonName(listener.Mode),
            listener.Target?.ToString(),
            listener.Oracle?.ToString(),
            listener.Oracle is null ? listener.Transform.ToString() : null,
            listener.AcceptProxy ? [.. listener.ProxyClients.Select(n => n.ToString())] : null,
            listener.SendProxy is { } version ? JsonName(version) : null)).ToArray();
        routes.MapGet("/listeners", () => TypedResults.Json(listeners, AdminJson.Default.ListenerViewArray));
        return routes;
    }

    private static string JsonName(Enum value) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}

/// <summary>One listener as the admin port shows it.</summary>
internal sealed record ListenerView(
    string Name, string Role, string Address, string Mode, string? Target, string? Oracle, string? Transform, string[]? ProxyClients, string? SendProxy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListenerView[]))]
internal sealed partial class AdminJson : JsonSerializerContext;
