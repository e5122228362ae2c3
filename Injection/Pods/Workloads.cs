using System.Text.Json.Nodes;
using Injection.Text;

namespace Injection.Pods;

/// <summary>A pod template in an object.</summary>
/// <param name="Name">Kind and name of the workload, as kubectl writes it: <c>Deployment/web</c>.</param>
/// <param name="Kind">The kind of the workload.</param>
/// <param name="Path">The path of the template, which has <c>metadata</c> and <c>spec</c>.</param>
internal sealed record Workload(string Name, string Kind, IReadOnlyList<string> Path);

/// <summary>Finds the pod templates of Kubernetes' own workloads.</summary>
internal static class Workloads
{
    private static readonly Dictionary<string, (string Api, string[] Template)> Kinds = new(StringComparer.Ordinal)
    {
        ["Pod"] = ("v1", []),
        ["PodTemplate"] = ("v1", ["template"]),
        ["ReplicationController"] = ("v1", ["spec", "template"]),
        ["Deployment"] = ("apps/", ["spec", "template"]),
        ["StatefulSet"] = ("apps/", ["spec", "template"]),
        ["DaemonSet"] = ("apps/", ["spec", "template"]),
        ["ReplicaSet"] = ("apps/", ["spec", "template"]),
        ["Job"] = ("batch/", ["spec", "template"]),
        ["CronJob"] = ("batch/", ["spec", "jobTemplate", "spec", "template"]),
    };

    /// <summary>The templates of an object, also of each object of a List.</summary>
    public static IEnumerable<Workload> Find(JsonNode root) => Find(root, []);

    private static IEnumerable<Workload> Find(JsonNode? node, IReadOnlyList<string> path)
    {
        if (node is not JsonObject manifest || manifest["kind"].Text() is not { } kind)
            return [];
        if (kind.EndsWith("List", StringComparison.Ordinal) && manifest["items"] is JsonArray items)
            return items.SelectMany((item, index) => Find(item, [.. path, "items", $"{index}"]));
        if (!Kinds.TryGetValue(kind, out var known) || manifest["apiVersion"].Text()?.StartsWith(known.Api, StringComparison.Ordinal) != true)
            return [];
        var template = known.Template.Aggregate((JsonNode?)manifest, (at, key) => (at as JsonObject)?[key]) as JsonObject;
        return template?["spec"] is JsonObject ? [new Workload($"{kind}/{NameOf(manifest)}", kind, [.. path, .. known.Template])] : [];
    }

    private static string NameOf(JsonObject manifest)
    {
        var metadata = manifest["metadata"] as JsonObject;
        return metadata?["name"].Text() ?? (metadata?["generateName"].Text() is { } prefix ? prefix + "*" : "?");
    }

}
