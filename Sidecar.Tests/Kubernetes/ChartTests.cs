using System.Text.Json.Nodes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

[SystemTest]
public sealed class ChartTests
{
    private const string ProductionValues = "production.yaml";

    /// <summary>Options of helm, and the rendering of kustomize that is the same.</summary>
    public static TheoryData<string, string> Same => new()
    {
        { "", Renderings.Demo },
        { $"-f {Path.Combine(KubernetesTools.Chart, ProductionValues)}", Renderings.Production },
        { "--set sidecar.native=false,ipv6=false --kube-version 1.20.2", Renderings.Old },
        { "--set gatewayAPI.enabled=true", Renderings.With(Renderings.Demo, "gateway-api") },
        { "--set istio.enabled=true", Renderings.With(Renderings.Demo, "istio") },
        { "--set prometheus.enabled=true", Renderings.With(Renderings.Demo, "prometheus") },
        { "--set kubernetesNames.enabled=true", Renderings.With(Renderings.Demo, Renderings.Names) },
        { "--set kubernetesNames.enabled=true,sidecar.native=false,ipv6=false --kube-version 1.20.2", Renderings.With("base", Renderings.Names, "classic-sidecar") },
    };

    [Theory]
    [MemberData(nameof(Same))]
    public async Task Chart_RendersAsKustomizeDoes(string options, string rendering)
    {
        var chart = await TemplateAsync([.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        // Helm keeps its own notes in the namespace, so the namespace exists before the chart.
        var overlay = ByName((await Renderings.OfAsync(rendering)).All.Where(item => item.Kind() != "Namespace"));

        Assert.Equal(overlay.Keys.Order(), chart.Keys.Order());
        Assert.All(overlay, pair => Assert.True(JsonNode.DeepEquals(pair.Value, chart[pair.Key]), $"{pair.Key}\n{pair.Value}\n{chart[pair.Key]}"));
    }

    [Theory]
    [InlineData("values.yaml")]
    [InlineData(ProductionValues)]
    public async Task Lint_FindsNothing(string values)
    {
        var report = (await KubernetesTools.HelmAsync("lint", "--strict", KubernetesTools.Chart, "-f", Path.Combine(KubernetesTools.Chart, values))).Well("helm lint");

        Assert.DoesNotContain("[WARNING]", report);
        Assert.DoesNotContain("[ERROR]", report);
    }

    [Theory]
    [InlineData("sidecar.nativ=true", "nativ")]
    [InlineData("ipv6=often", "/ipv6")]
    [InlineData("oracle.replicas=2", "replicas")]
    [InlineData("frontend.autoscaling.minReplicas=0", "minReplicas")]
    [InlineData("priorityClass.value=2000000000", "/priorityClass/value")]
    public async Task Schema_RefusesWrongValues(string setting, string named)
    {
        var result = await KubernetesTools.HelmAsync("template", KubernetesTools.Chart, "--set", setting);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(named, result.Errors);
    }

    [Fact]
    public async Task NativeSidecar_OnAnOldCluster_IsRefused()
    {
        var result = await KubernetesTools.HelmAsync("template", KubernetesTools.Chart, "--kube-version", "1.28.0");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("set sidecar.native to false", result.Errors);
    }

    [Fact]
    public async Task OtherImagesAndNamespace_AreUsedEverywhere()
    {
        var chart = await TemplateAsync("--namespace", "other", "--set", "image.registry=images.example/team,image.tag=v9");

        Assert.All(chart.Values, item => Assert.Equal("other", item.Text("metadata.namespace")));
        Assert.All(chart.Values.SelectMany(item => item.Everywhere("image")), image => Assert.Matches("^images.example/team/[a-z-]+:v9$", (string)image!));
    }

    private static async Task<Dictionary<string, JsonObject>> TemplateAsync(params IReadOnlyList<string> options) =>
        ByName(YamlJson.Read((await KubernetesTools.HelmAsync(["template", KubernetesTools.Chart, "--namespace", "sidecar-demo", .. options])).Well("helm template")));

    private static Dictionary<string, JsonObject> ByName(IEnumerable<JsonObject> items) => items.ToDictionary(item => $"{item.Text("apiVersion")} {item.Kind()} {item.Name()}");
}
