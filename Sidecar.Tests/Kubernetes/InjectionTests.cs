using System.Text.Json.Nodes;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

[SystemTest]
public sealed class InjectionTests
{
    [Fact]
    public async Task Inject_OnTheApplication_GivesTheBase()
    {
        var injected = await InjectAsync(Renderings.Application);
        var expected = (await Renderings.OfAsync("base")).Pods.ToList();

        Assert.Equal(expected.Count, injected.Pods.Count());
        Assert.All(expected, pod =>
        {
            var actual = injected.Find("Deployment", pod.Name);
            Assert.True(JsonNode.DeepEquals(pod.Workload, actual), $"{pod.Workload}\n{actual}");
        });
    }

    [Theory]
    [InlineData("base")]
    [InlineData(Renderings.Old)]
    [InlineData("base + kubernetes-names")]
    [InlineData("base + kubernetes-names + classic-sidecar")]
    public async Task Inject_OnAMesh_ChangesNothing(string rendering)
    {
        var injected = await InjectAsync(rendering);

        Assert.All((await Renderings.OfAsync(rendering)).All.Zip(injected.All), pair => Assert.True(JsonNode.DeepEquals(pair.First, pair.Second), $"{pair}"));
    }

    private static async Task<Manifests> InjectAsync(string rendering)
    {
        var manifests = await Renderings.TextOfAsync(rendering);
        var inject = new ProcessCommand("inject", "dotnet", Path.Combine(AppContext.BaseDirectory, "Sidecar.dll"), "inject", "-f", "-");
        return new Manifests(YamlJson.Read((await Run.ToEndAsync(inject, manifests)).Well("Sidecar inject")));
    }
}
