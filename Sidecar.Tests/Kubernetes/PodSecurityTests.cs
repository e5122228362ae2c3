using System.Text.Json.Nodes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

[SystemTest]
public sealed class PodSecurityTests
{
    // Sidecar and video service have this time to end: SIDECAR__DRAIN_DELAY, and the default of drain.
    private const int DrainSeconds = 10;

    [Fact]
    public async Task Application_HasNoSidecar()
    {
        var manifests = await Renderings.OfAsync(Renderings.Application);

        Assert.Equal(["backend", "frontend", "oracle", "storage"], manifests.Pods.Select(pod => pod.Name).Order());
        Assert.All(manifests.Pods, pod => Assert.Equal(pod.Name, Assert.Single(pod.AllContainers).Text("name")));
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task EveryContainer_HasTheLeastRights(string rendering)
    {
        foreach (var pod in (await Renderings.OfAsync(rendering)).Pods)
        {
            foreach (var container in pod.AllContainers)
            {
                var isInit = container.Text("name") == "sidecar-iptables";
                JsonNode? Effective(string field) => container.At($"securityContext.{field}") ?? pod.Spec.At($"securityContext.{field}");

                Assert.Equal(["ALL"], container.Words("securityContext.capabilities.drop"));
                Assert.Equal(isInit ? ["NET_ADMIN", "NET_RAW"] : [], container.Words("securityContext.capabilities.add"));
                Assert.False((bool)container.At("securityContext.allowPrivilegeEscalation")!);
                Assert.True((bool)container.At("securityContext.readOnlyRootFilesystem")!);
                Assert.Equal("RuntimeDefault", (string?)Effective("seccompProfile.type"));
                Assert.Equal(!isInit, (bool)Effective("runAsNonRoot")!);
                var user = isInit ? 0 : container == pod.Sidecar ? 1337 : 1339;
                Assert.Equal(user, (int)Effective("runAsUser")!);
                Assert.Equal(user, (int)Effective("runAsGroup")!);
                Assert.NotNull(container.At("resources.requests.cpu"));
                Assert.NotNull(container.At("resources.requests.memory"));
                Assert.NotNull(container.At("resources.limits.memory"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task NoPod_GetsATokenOrAHostNamespace(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var pod in manifests.Pods)
        {
            var account = manifests.Find("ServiceAccount", pod.Spec.Text("serviceAccountName"));
            Assert.False((bool)account!["automountServiceAccountToken"]!);
            Assert.All(["hostNetwork", "hostPID", "hostIPC", "hostPath"], field => Assert.Empty(pod.Spec.Everywhere(field)));
            Assert.Equal(rendering.Contains(Renderings.Names, StringComparison.Ordinal) && pod.Sidecar is not null ? 1 : 0, pod.Spec.Everywhere("serviceAccountToken").Count());
        }
    }

    [Theory]
    [MemberData(nameof(Renderings.WithNames), MemberType = typeof(Renderings))]
    public async Task Token_IsForTheSidecarAlone(string rendering)
    {
        var meshed = (await Renderings.OfAsync(rendering)).Pods.Where(pod => pod.Sidecar is not null).ToList();

        Assert.Equal(["backend", "frontend"], meshed.Select(pod => pod.Name).Order());
        Assert.All(meshed, pod =>
        {
            var token = Assert.Single(pod.Spec.Items("volumes"), volume => volume.Everywhere("serviceAccountToken").Any()).Text("name");
            Assert.Equal(pod.Sidecar, Assert.Single(pod.AllContainers, container => container.Items("volumeMounts").Any(mount => mount.Text("name") == token)));
        });
    }

    [Theory]
    [MemberData(nameof(Renderings.Meshes), MemberType = typeof(Renderings))]
    public async Task GracePeriod_IsLongerThanHooksAndDraining(string rendering)
    {
        foreach (var pod in (await Renderings.OfAsync(rendering)).Pods)
        {
            var hooks = pod.AllContainers.Select(container => container.Words("lifecycle.preStop.exec.command").LastOrDefault("0s"));
            Assert.True(((int?)pod.Spec["terminationGracePeriodSeconds"] ?? 30) > hooks.Max(time => int.Parse(time.TrimEnd('s'))) + DrainSeconds, pod.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Renderings.Meshes), MemberType = typeof(Renderings))]
    public async Task Sidecar_StartsAfterTheRulesAndBeforeTheApplication(string rendering)
    {
        var isClassic = rendering == Renderings.Old;
        var meshed = (await Renderings.OfAsync(rendering)).Pods.Where(pod => pod.Sidecar is not null).ToList();

        Assert.Equal(["backend", "frontend"], meshed.Select(pod => pod.Name).Order());
        Assert.All(meshed, pod =>
        {
            Assert.Equal(["sidecar-iptables", "sidecar", pod.Name], pod.AllContainers.Select(container => container.Text("name")));
            Assert.Equal(isClassic ? 1 : 2, pod.InitContainers.Count());
            Assert.Equal(isClassic ? null : "Always", pod.Sidecar.Text("restartPolicy"));
            Assert.Equal(isClassic ? ["/app/Sidecar", "wait", "ready"] : [], pod.Sidecar.Words("lifecycle.postStart.exec.command"));
            Assert.NotNull(pod.Sidecar.At("startupProbe"));
        });
    }
}
