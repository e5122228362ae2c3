using System.Text.Json.Nodes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

[SystemTest]
public sealed class TypeTests
{
    // What Kubernetes 1.20 serves, of the kinds that are used.
    private static readonly string[] ServedBy120 =
    [
        "v1 Namespace", "v1 ServiceAccount", "v1 ConfigMap", "v1 Service", "apps/v1 Deployment", "networking.k8s.io/v1 NetworkPolicy",
    ];

    // Newer than 1.20.
    private static readonly string[] NewFields = ["restartPolicy", "ipFamilyPolicy", "sleep"];

    [Fact]
    public async Task EveryObject_HasTheTypesOfCurrentKubernetes()
    {
        var distinct = new Dictionary<string, JsonObject>();
        foreach (var name in Renderings.All.Select(row => row.Data).Where(name => name != Renderings.Old).Concat([Renderings.CertManager, Renderings.Observe, Renderings.ObserveWithNames]))
            foreach (var item in (await Renderings.OfAsync(name)).All)
                distinct[item.ToJsonString()] = item;

        Assert.Equal("", await KubernetesTools.CheckTypesAsync($"[{string.Join(",\n", distinct.Keys)}]"));
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"ports":[{"port":8000,"targetport":80}]}}""", "targetport")]
    [InlineData("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"ports":[{"port":"http"}]}}""", "port")]
    [InlineData("""{"apiVersion":"monitoring.coreos.com/v1","kind":"PodMonitor","metadata":{"name":"x"},"spec":{"selector":{},"endpoint":[]}}""", "endpoint")]
    public async Task Check_FindsUnknownFieldsAndWrongValues(string item, string field) =>
        Assert.Contains(field, await KubernetesTools.CheckTypesAsync($"[{item}]"));

    [Fact]
    public async Task OldOverlay_HasOnlyWhatKubernetes120Serves()
    {
        foreach (var item in (await Renderings.OfAsync(Renderings.Old)).All)
        {
            Assert.Contains($"{item.Text("apiVersion")} {item.Kind()}", ServedBy120);
            Assert.All(NewFields, field => Assert.Empty(item.Everywhere(field)));
        }
    }
}
