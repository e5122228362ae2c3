using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Injection.Text;

/// <summary>Values of manifests, null if they have another type.</summary>
internal static class JsonNodes
{
    /// <summary>Text.</summary>
    public static string? Text(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    /// <summary>A whole number.</summary>
    public static long? Number(this JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.Number && long.TryParse(node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A mapping.</summary>
    public static JsonObject? Mapping(this JsonNode? node) => node as JsonObject;

    /// <summary>The items of a list; none for anything else.</summary>
    public static IReadOnlyList<JsonNode?> Items(this JsonNode? node) => node is JsonArray list ? [.. list] : [];
}
