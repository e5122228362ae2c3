using System.Collections.Concurrent;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>What kustomize makes of the folders, and of folders with components.</summary>
internal static class Renderings
{
    public const string Application = "application";
    public const string Demo = "overlays/demo";
    public const string Production = "overlays/production";
    public const string Old = "overlays/kubernetes-1.20";
    public const string Injector = "injector";
    public const string CertManager = "injector + cert-manager";

    public const string Observe = "observe";
    public const string ObserveWithNames = "observe + observe-names";

    public const string Names = "kubernetes-names";

    private static readonly string[] Components = ["classic-sidecar", "gateway-api", "istio", "ipv6", "prometheus"];
    private static readonly ConcurrentDictionary<string, Lazy<Task<Manifests>>> Rendered = [];

    /// <summary>The folders with sidecars.</summary>
    public static TheoryData<string> Meshes => ["base", Demo, Production, Old];

    /// <summary>What runs on each node.</summary>
    public static TheoryData<string> OnNodes => [Observe, ObserveWithNames];

    /// <summary>Folders with names from the API server.</summary>
    public static TheoryData<string> WithNames => [With("base", Names), With("base", Names, "classic-sidecar"), With(Production, Names)];

    /// <summary>The same, with every set of components on the base, and all components on production.</summary>
    public static TheoryData<string> All =>
    [
        Application, Demo, Production, Old,
        .. Enumerable.Range(0, 1 << Components.Length).Select(set => With("base", Components.Where((_, index) => (set >> index & 1) == 1))),
        With("base", Names), With("base", Names, "classic-sidecar"), With(Production, [Names, .. Components]),
    ];

    /// <summary>The name of a rendering with components: <c>base + istio + ipv6</c>.</summary>
    public static string With(string folder, params IEnumerable<string> components) => string.Join(" + ", [folder, .. components]);

    /// <summary>Renders a folder, or a folder with components, once.</summary>
    public static Task<Manifests> OfAsync(string name) => Rendered.GetOrAdd(name, _ => new(() => RenderAsync(name))).Value;

    private static async Task<Manifests> RenderAsync(string name) => new(YamlJson.Read(await TextOfAsync(name)));

    /// <summary>The same as text.</summary>
    public static async Task<string> TextOfAsync(string name)
    {
        var parts = name.Split(" + ");
        if (parts is [var alone])
            return await KubernetesTools.KustomizeAsync(Path.Combine(KubernetesTools.Manifests, alone));
        using var folder = new TempFolder();
        string Relative(params string[] path) => Path.GetRelativePath(folder.Root, Path.Combine([KubernetesTools.Manifests, .. path]));
        folder.Write("kustomization.yml", $"""
            resources: [{Relative(parts[0])}]
            components: [{string.Join(", ", parts[1..].Select(component => Relative("components", component)))}]
            """);
        return await KubernetesTools.KustomizeAsync(folder.Root);
    }
}
