using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>What runs on each node has the rights that it declares, and no others. As a container: <c>Pods/ObservePodTests</c>.</summary>
[SystemTest]
public sealed class ObserveManifestTests
{
    private const string Name = "sidecar-observe";

    [Theory]
    [MemberData(nameof(Renderings.OnNodes), MemberType = typeof(Renderings))]
    public async Task Container_HasTheDeclaredRights(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        var pod = Assert.Single(manifests.Pods);
        var container = Assert.Single(pod.AllContainers);

        Assert.Equal(["ALL"], container.Words("securityContext.capabilities.drop"));
        Assert.Equal(["BPF", "NET_ADMIN", "PERFMON", "SYS_PTRACE", "DAC_READ_SEARCH"], container.Words("securityContext.capabilities.add"));
        Assert.False((bool)container.At("securityContext.privileged")!);
        Assert.False((bool)container.At("securityContext.allowPrivilegeEscalation")!);
        Assert.True((bool)container.At("securityContext.readOnlyRootFilesystem")!);
        // Root: without privilege escalation the kernel ignores the capabilities of files.
        Assert.Equal((0, 0), ((int)pod.Spec.At("securityContext.runAsUser")!, (int)pod.Spec.At("securityContext.runAsGroup")!));
        Assert.Equal("Unconfined", pod.Spec.Text("securityContext.seccompProfile.type"));
        Assert.Equal((true, true), ((bool)pod.Spec["hostNetwork"]!, (bool)pod.Spec["hostPID"]!));
        Assert.Empty(pod.Spec.Everywhere("hostIPC"));
        Assert.NotNull(container.At("resources.requests.cpu"));
        Assert.NotNull(container.At("resources.requests.memory"));
        Assert.NotNull(container.At("resources.limits.memory"));
        // The host's control groups are all that it has of the host's files, and no mount can be written to.
        Assert.Equal("/sys/fs/cgroup", Assert.Single(pod.Spec.Everywhere("hostPath")).Text("path"));
        Assert.All(container.Items("volumeMounts"), mount => Assert.True((bool)mount["readOnly"]!));
    }

    [Theory]
    [MemberData(nameof(Renderings.OnNodes), MemberType = typeof(Renderings))]
    public async Task Objects_AreInANamespaceThatAdmitsThem(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);

        Assert.All(manifests.All, item => Assert.Equal(item.Kind() is "Namespace" or "ClusterRole" or "ClusterRoleBinding" ? null : Name, item.Text("metadata.namespace")));
        Assert.All(manifests.All, item => Assert.Equal(Name, item.Texts("metadata.labels")["app.kubernetes.io/name"]));
        Assert.Equal("privileged", manifests.Find("Namespace", Name).Texts("metadata.labels")["pod-security.kubernetes.io/enforce"]);
        // It would not apply to the host's network.
        Assert.Empty(manifests.Of("NetworkPolicy"));
    }

    [Fact]
    public async Task Pods_RunOnEveryNodeOfLinux()
    {
        var pod = Assert.Single((await Renderings.OfAsync(Renderings.Observe)).Pods);

        Assert.Equal("DaemonSet", pod.Workload.Kind());
        Assert.Equal("""[{"operator":"Exists"}]""", pod.Spec["tolerations"]!.ToJsonString());
        Assert.Equal([KeyValuePair.Create("kubernetes.io/os", "linux")], pod.Spec.Texts("nodeSelector"));
        Assert.Null(pod.Spec["priorityClassName"]);
    }

    [Fact]
    public async Task Ports_AreNoSidecars()
    {
        var pod = Assert.Single((await Renderings.OfAsync(Renderings.Observe)).Pods);
        var container = Assert.Single(pod.Containers);
        string? Variable(string name) => container.Items("env").Single(item => item.Text("name") == name).Text("value");

        Assert.Equal([("health", 15121), ("metrics", 15190)], pod.Ports);
        Assert.Equal(("$(NODE_ADDRESS):15121", "$(NODE_ADDRESS):15190"), (Variable("SIDECAR__HEALTH__ADDRESS"), Variable("SIDECAR__METRICS__ADDRESS")));
        // Variables are known only after their definition.
        Assert.Equal("NODE_ADDRESS", container.Items("env").First().Text("name"));
        Assert.Equal("15190", pod.Annotations["prometheus.io/port"]);
    }

    [Fact]
    public async Task Token_IsOnlyForNames()
    {
        var (without, with) = (await Renderings.OfAsync(Renderings.Observe), await Renderings.OfAsync(Renderings.ObserveWithNames));

        Assert.False((bool)without.Find("ServiceAccount", Name)!["automountServiceAccountToken"]!);
        Assert.DoesNotContain(without.All, item => item.Kind().Contains("Role", StringComparison.Ordinal));
        Assert.Empty(Assert.Single(without.Pods).Spec.Everywhere("serviceAccountToken"));
        Assert.Single(Assert.Single(with.Pods).Spec.Everywhere("serviceAccountToken"));
    }

    [Fact]
    public async Task Names_AreThoseOfTheClusterAndNeverThoseOfThisPod()
    {
        var manifests = await Renderings.OfAsync(Renderings.ObserveWithNames);
        var (role, binding) = (Assert.Single(manifests.Of("ClusterRole")), Assert.Single(manifests.Of("ClusterRoleBinding")));
        var variables = Assert.Single(Assert.Single(manifests.Pods).Containers).Items("env").ToDictionary(item => item.Text("name")!, item => item.Text("value"));

        Assert.Equal(("on", "cluster"), (variables["SIDECAR__KUBERNETES__NAMES"], variables["SIDECAR__KUBERNETES__SCOPE"]));
        Assert.DoesNotContain("POD_NAME", variables.Keys);
        Assert.Equal(
            [": pods list", ": pods watch", ": services list", ": services watch", "discovery.k8s.io: endpointslices list", "discovery.k8s.io: endpointslices watch"],
            from rule in role.Items("rules")
            from api in rule.Words("apiGroups")
            from resource in rule.Words("resources")
            from verb in rule.Words("verbs")
            select $"{api}: {resource} {verb}");
        Assert.Equal((role.Kind(), role.Name()), (binding.Text("roleRef.kind"), binding.Text("roleRef.name")));
        var subject = Assert.Single(binding.Items("subjects"));
        Assert.Equal(("ServiceAccount", Name, Name), (subject.Text("kind"), subject.Text("name"), subject.Text("namespace")));
    }
}
