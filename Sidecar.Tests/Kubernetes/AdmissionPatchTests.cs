using System.Text;
using System.Text.Json.Nodes;
using Injection.Admission;
using Injection.Pods;
using Injection.Text;
using Sidecar.Tests.Injection;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>The webhook's patch, applied by kubectl, gives what <c>inject</c> writes.</summary>
[SystemTest]
public sealed class AdmissionPatchTests
{
    private static readonly PodSettings Inbound = new() { Roles = ["inbound"], Oracle = "oracle:9100" };

    [Theory]
    [MemberData(nameof(ShapeTests.Shapes), MemberType = typeof(ShapeTests))]
    public async Task Patch_AppliedByKubectl_GivesWhatInjectWrites(string shape)
    {
        foreach (var template in ShapeTests.PodsOf(shape))
        {
            var pod = Pod(template);
            var review = new JsonObject
            {
                ["apiVersion"] = "admission.k8s.io/v1",
                ["kind"] = "AdmissionReview",
                ["request"] = new JsonObject { ["uid"] = "u-1", ["kind"] = new JsonObject { ["kind"] = "Pod" }, ["object"] = pod.DeepClone() },
            };

            var answer = AdmissionReview.Answer(review, Inbound, out var outcome);

            Assert.Equal(InjectionOutcome.Changed, outcome);
            var patch = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String((string)answer["response"]!["patch"]!)))!;
            var (patched, expected) = (await KubernetesTools.PatchAsync(pod, patch), Inject(pod));
            Assert.True(JsonNode.DeepEquals(expected, patched), $"{expected}\n{patched}");
        }
    }

    private static JsonObject Pod(JsonNode template)
    {
        var pod = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = template["metadata"]?.DeepClone() ?? new JsonObject(), ["spec"] = template["spec"]!.DeepClone() };
        // kubectl wants a name; the controllers give each pod one.
        pod["metadata"]!["name"] ??= "pod";
        return pod;
    }

    private static JsonNode Inject(JsonObject pod)
    {
        var written = ManifestFile.Rewrite(pod.ToJsonString(), "test", (root, _) =>
        {
            foreach (var workload in Workloads.Find(root.Root).ToList())
                Assert.Empty(PodInjector.Inject(root.Within(workload.Path), Inbound, isJob: false).Errors);
        });
        return JsonNode.Parse(written)!;
    }
}
