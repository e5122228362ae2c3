using System.Text.Json.Nodes;
using Injection.Pods;
using Injection.Text;
using Testing;
using Xunit;

namespace Sidecar.Tests.Injection;

/// <summary>Manifests as people write them: what need not change stays, and removing a sidecar gives the old text again.</summary>
public sealed class ShapeTests
{
    private static readonly PodSettings Inbound = new() { Roles = ["inbound"], Oracle = "oracle:9100" };

    public static TheoryData<string> Shapes => [.. Directory.GetFiles(Folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(Repository.Root, "Sidecar.Tests", "Injection", "Shapes");

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Inject_AddsTheContainersAndKeepsAllElse(string shape)
    {
        var text = Read(shape);

        var injected = Inject(text);

        var pods = Pods(injected);
        Assert.NotEmpty(pods);
        Assert.All(pods, pod =>
        {
            var names = pod["spec"]!["initContainers"]!.AsArray().Select(container => (string)container!["name"]!).ToList();
            Assert.Equal(["sidecar-iptables", "sidecar"], names.Take(2));
            Assert.Equal(PodSettings.Version, (string)pod["metadata"]!["annotations"]!["sidecar.proxy/injected"]!);
        });
        // No line is lost. A line can have become longer, and some fields of probes have new values.
        var left = injected.Split('\n').ToList();
        if (!text.StartsWith('{'))
            Assert.All(text.Split('\n').Where(line => line.Contains('#', StringComparison.Ordinal)), line => Assert.Contains(left, other => other.Contains(line[line.IndexOf('#', StringComparison.Ordinal)..].TrimEnd(), StringComparison.Ordinal)));
        Assert.Equal(text.Contains("\r\n", StringComparison.Ordinal), injected.Contains("\r\n", StringComparison.Ordinal));
        Assert.DoesNotContain("\n", injected.Contains("\r\n", StringComparison.Ordinal) ? injected.Replace("\r\n", "", StringComparison.Ordinal) : "", StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Inject_Twice_ChangesNothing(string shape)
    {
        var injected = Inject(Read(shape));

        Assert.Equal(injected, Inject(injected));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Uninject_MeansTheSameAsBefore(string shape)
    {
        var text = Read(shape);

        var restored = Uninject(Inject(text));

        Assert.Equal(text, Uninject(text));
        Assert.True(JsonNode.DeepEquals(WithoutEmpty(AllOf(text)), WithoutEmpty(AllOf(restored))), restored);
    }

    [Theory]
    [InlineData("deployment.yaml")]
    [InlineData("many-documents.yaml")]
    [InlineData("seconds-comments.yaml")]
    [InlineData("windows-lines.yaml")]
    [InlineData("cronjob.yaml")]
    [InlineData("list.yaml")]
    [InlineData("host-aliases-and-init.yaml")]
    [InlineData("json.json")]
    public void Uninject_GivesTheOldText(string shape)
    {
        var text = Read(shape);

        Assert.Equal(text, Uninject(Inject(text)));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Inject_Classic_PutsTheSidecarFirst(string shape)
    {
        var injected = Inject(Read(shape), Inbound with { Container = ContainerKind.Classic });

        Assert.All(Pods(injected), pod =>
        {
            Assert.Equal("sidecar", (string)pod["spec"]!["containers"]![0]!["name"]!);
            Assert.Equal("sidecar-iptables", (string)pod["spec"]!["initContainers"]!.AsArray()[^1]!["name"]!);
        });
        // Again as a native sidecar: the classic one goes.
        Assert.True(JsonNode.DeepEquals(WithoutEmpty(AllOf(Inject(Read(shape)))), WithoutEmpty(AllOf(Inject(injected)))));
    }

    /// <summary>The pod templates of a shape, before a sidecar is added.</summary>
    internal static IReadOnlyList<JsonNode> PodsOf(string shape) => Pods(Read(shape));

    private static string Read(string shape) => File.ReadAllText(Path.Combine(Folder, shape));

    private static string Inject(string text, PodSettings? settings = null) => ManifestFile.Rewrite(text, "test", (root, errorAt) =>
    {
        foreach (var workload in Workloads.Find(root.Root).ToList())
        {
            var pod = root.Within(workload.Path);
            var result = PodInjector.Inject(pod, settings ?? Inbound, isJob: false);
            if (result.Errors is [var error, ..])
                throw errorAt(pod.Absolute(error.Path), error.Reason);
        }
    });

    private static string Uninject(string text) => ManifestFile.Rewrite(text, "test", (root, _) =>
    {
        foreach (var workload in Workloads.Find(root.Root).ToList())
            Assert.Empty(PodInjector.Uninject(root.Within(workload.Path)).Errors);
    });

    private static JsonArray AllOf(string text)
    {
        var all = new JsonArray();
        ManifestFile.Rewrite(text, "test", (root, _) => all.Add(root.Root.DeepClone()));
        return all;
    }

    private static List<JsonNode> Pods(string text) =>
        [.. AllOf(text).SelectMany(root => Workloads.Find(root!).Select(workload => workload.Path.Aggregate(root!, (node, part) => node is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]! : node[part]!)))];

    // An empty list or mapping, or one without a value, means the same as none.
    private static JsonNode? WithoutEmpty(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject mapping:
                return new JsonObject(mapping.Select(entry => KeyValuePair.Create(entry.Key, WithoutEmpty(entry.Value))).Where(entry => entry.Value is not (null or JsonArray { Count: 0 } or JsonObject { Count: 0 })));
            case JsonArray list:
                return new JsonArray([.. list.Select(WithoutEmpty)]);
            default:
                return node?.DeepClone();
        }
    }
}
