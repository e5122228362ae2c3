using System.Text.Json.Nodes;

namespace Sidecar.Tests.Kubernetes;

/// <summary>The objects of one rendering.</summary>
internal sealed class Manifests(IReadOnlyList<JsonObject> all)
{
    public IReadOnlyList<JsonObject> All { get; } = all;

    public IEnumerable<JsonObject> Of(string kind) => All.Where(item => item.Kind() == kind);

    public JsonObject? Find(string kind, string? name) => Of(kind).FirstOrDefault(item => item.Name() == name);

    /// <summary>The workloads' pod templates.</summary>
    public IEnumerable<PodTemplate> Pods => All.Where(item => item.Kind() is "Deployment" or "DaemonSet").Select(item => new PodTemplate(item));
}

/// <summary>The pod template of a Deployment or a DaemonSet.</summary>
internal sealed class PodTemplate(JsonObject workload)
{
    public JsonObject Workload { get; } = workload;

    public string Name => Workload.Name();

    public JsonObject Template { get; } = workload.At("spec.template")!.AsObject();

    public JsonObject Spec => Template["spec"]!.AsObject();

    public IReadOnlyDictionary<string, string> Labels => Template.Texts("metadata.labels");

    public IReadOnlyDictionary<string, string> Annotations => Template.Texts("metadata.annotations");

    public IEnumerable<JsonObject> InitContainers => Spec.Items("initContainers");

    public IEnumerable<JsonObject> Containers => Spec.Items("containers");

    /// <summary>In the order in which they start.</summary>
    public IEnumerable<JsonObject> AllContainers => InitContainers.Concat(Containers);

    public JsonObject? Sidecar => AllContainers.FirstOrDefault(container => container.Text("name") == "sidecar");

    /// <summary>Name and number of each port that a container declares.</summary>
    public IEnumerable<(string? Name, int Number)> Ports =>
        AllContainers.SelectMany(container => container.Items("ports")).Select(port => (port.Text("name"), (int)port["containerPort"]!));

    /// <summary>Whether a port is declared, by its name or its number.</summary>
    public bool HasPort(JsonNode? port) => port?.GetValueKind() == System.Text.Json.JsonValueKind.Number
        ? Ports.Any(declared => declared.Number == (int)port)
        : Ports.Any(declared => declared.Name == (string?)port);
}

/// <summary>Short ways into an object.</summary>
internal static class JsonPaths
{
    public static string Kind(this JsonObject item) => item.Text("kind")!;

    public static string Name(this JsonObject item) => item.Text("metadata.name")!;

    /// <summary>The node at a path of keys, or null.</summary>
    public static JsonNode? At(this JsonNode? node, string path) => path.Split('.').Aggregate(node, (at, key) => at?[key]);

    public static string? Text(this JsonNode? node, string path) => (string?)node.At(path);

    public static IEnumerable<JsonObject> Items(this JsonNode? node, string path) => node.At(path)?.AsArray().Select(item => item!.AsObject()) ?? [];

    public static IEnumerable<string> Words(this JsonNode? node, string path) => node.At(path)?.AsArray().Select(item => (string)item!) ?? [];

    /// <summary>A map of texts, such as labels; empty if it is not there.</summary>
    public static IReadOnlyDictionary<string, string> Texts(this JsonNode? node, string path) =>
        node.At(path)?.AsObject().ToDictionary(pair => pair.Key, pair => (string)pair.Value!) ?? [];

    /// <summary>All nodes of this name, at any depth.</summary>
    public static IEnumerable<JsonNode> Everywhere(this JsonNode? node, string key) => node switch
    {
        JsonObject map => map.SelectMany(pair => (pair.Key == key && pair.Value is { } found ? [found] : Enumerable.Empty<JsonNode>()).Concat(pair.Value.Everywhere(key))),
        JsonArray list => list.SelectMany(item => item.Everywhere(key)),
        _ => [],
    };

    /// <summary>Whether a label selector selects these labels; an empty one selects all.</summary>
    public static bool Selects(this JsonNode? selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Texts("matchLabels").All(wanted => labels.GetValueOrDefault(wanted.Key) == wanted.Value) &&
        selector.Items("matchExpressions").All(wanted => wanted.Text("operator") switch
        {
            "In" => wanted.Words("values").Contains(labels.GetValueOrDefault(wanted.Text("key")!)),
            var other => throw new NotSupportedException($"operator {other}"),
        });
}
