using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>Whatever an object refers to exists, and nothing is there that nobody refers to.</summary>
[SystemTest]
public sealed class ReferenceTests
{
    private const string Namespace = "sidecar-demo";
    private static readonly string[] ClusterWide = ["Namespace", "PriorityClass"];
    private static readonly string[] HandlersWithPorts = ["httpGet", "tcpSocket", "grpc"];

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task Objects_AreNamedOnceInOneNamespaceWithTheSameLabels(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);

        Assert.Equal(manifests.All.Count, manifests.All.Select(item => (item.Text("apiVersion"), item.Kind(), item.Name())).Distinct().Count());
        Assert.All(manifests.All, item =>
        {
            Assert.Equal(ClusterWide.Contains(item.Kind()) ? null : Namespace, item.Text("metadata.namespace"));
            var labels = item.Texts("metadata.labels");
            Assert.Equal("sidecar-demo", labels["app.kubernetes.io/part-of"]);
            if (labels.TryGetValue("app.kubernetes.io/name", out var workload))
                Assert.Contains(manifests.Pods, pod => pod.Name == workload);
        });
        Assert.All(manifests.Pods, pod => Assert.Equal(pod.Workload.Texts("metadata.labels"), pod.Labels));
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    [MemberData(nameof(Renderings.OnNodes), MemberType = typeof(Renderings))]
    public async Task Pods_FindTheirAccountVolumesAndPriority(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var pod in manifests.Pods)
        {
            Assert.True(pod.Workload.At("spec.selector").Selects(pod.Labels), pod.Name);
            Assert.NotNull(manifests.Find("ServiceAccount", pod.Spec.Text("serviceAccountName")));
            Assert.Equal(pod.Spec.ContainsKey("priorityClassName"), manifests.Find("PriorityClass", pod.Spec.Text("priorityClassName")) is not null);
            Assert.Equal(
                pod.Spec.Items("volumes").Select(volume => volume.Text("name")).Order(),
                pod.AllContainers.SelectMany(container => container.Items("volumeMounts")).Select(mount => mount.Text("name")).Distinct().Order());
            Assert.All(pod.Spec.Items("topologySpreadConstraints"), spread => Assert.True(spread["labelSelector"].Selects(pod.Labels)));
            Assert.Equal(pod.Containers.Last().Text("name"), pod.Name);
        }

        Assert.Equal(manifests.Of("ServiceAccount").Select(JsonPaths.Name).Order(), manifests.Pods.Select(pod => pod.Spec.Text("serviceAccountName")).Order());
        Assert.Equal(
            manifests.Of("ConfigMap").Select(JsonPaths.Name).Order(),
            manifests.Pods.SelectMany(pod => pod.Spec.Items("volumes")).Select(volume => volume.Text("configMap.name")).OfType<string>().Order());
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    [MemberData(nameof(Renderings.OnNodes), MemberType = typeof(Renderings))]
    public async Task Files_ThatArgumentsNameAreInTheConfigMap(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var pod in manifests.Pods)
            foreach (var container in pod.AllContainers)
                foreach (var mount in container.Items("volumeMounts"))
                {
                    var volume = pod.Spec.Items("volumes").Single(volume => volume.Text("name") == mount.Text("name"));
                    // Others have files that a program finds by itself.
                    if (!volume.ContainsKey("configMap"))
                        continue;
                    var keys = manifests.Find("ConfigMap", volume.Text("configMap.name")).Texts("data").Keys;
                    var folder = mount.Text("mountPath") + "/";
                    var file = Assert.Single(container.Words("args"), word => word.StartsWith(folder, StringComparison.Ordinal));
                    Assert.Contains(file[folder.Length..], keys);
                }
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    [MemberData(nameof(Renderings.OnNodes), MemberType = typeof(Renderings))]
    public async Task Ports_AreDeclaredAndDiffer(string rendering)
    {
        foreach (var pod in (await Renderings.OfAsync(rendering)).Pods)
        {
            Assert.Equal(pod.Ports.Count(), pod.Ports.Select(port => port.Number).Distinct().Count());
            Assert.Equal(pod.Ports.Count(), pod.Ports.Select(port => port.Name).Distinct().Count());
            Assert.All(pod.Ports, port => Assert.InRange(port.Name!.Length, 1, 15));
            foreach (var handler in HandlersWithPorts.SelectMany(pod.Spec.Everywhere))
                Assert.True(pod.HasPort(handler["port"]), $"{pod.Name}: {handler}");
            foreach (var (key, port) in pod.Annotations.Where(pair => pair.Key.EndsWith("/port", StringComparison.Ordinal)))
                Assert.True(pod.HasPort(int.Parse(port)), $"{pod.Name}: {key}");
        }
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task Services_LeadToPodsAndTheirPorts(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var service in manifests.Of("Service"))
        {
            var pod = Assert.Single(manifests.Pods, pod => service.Texts("spec.selector").All(label => pod.Labels.Contains(label)));
            Assert.All(service.Items("spec.ports"), port => Assert.True(pod.HasPort(port["targetPort"]), $"{service.Name()}: {port}"));
        }
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task Addresses_InArgumentsEnvironmentAndAnnotationsAreThoseOfServices(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var pod in manifests.Pods)
        {
            var environment = pod.AllContainers.SelectMany(container => container.Items("env")).ToDictionary(item => item.Text("name")!, item => item.Text("value")!);
            var urls = pod.AllContainers.SelectMany(container => container.Words("args")).Where(word => word.StartsWith("http://", StringComparison.Ordinal))
                .Select(url => new Uri(url)).Select(url => (url.Host, url.Port));
            var oracles = environment.Where(pair => pair.Key == "SIDECAR__ORACLE__ADDRESS").Select(pair => pair.Value)
                .Concat(pod.Annotations.Where(pair => pair.Key == "sidecar.proxy/oracle").Select(pair => pair.Value))
                .Select(address => address.Split(':')).Select(parts => (parts[0], int.Parse(parts[1])));
            Assert.All(urls.Concat(oracles), address => AssertServicePort(manifests, address.Item1, address.Item2));

            // http://:9000/healthz
            Assert.All(environment.Where(pair => pair.Key.StartsWith("SIDECAR__PROBES__", StringComparison.Ordinal)),
                probe => Assert.True(pod.HasPort(new Uri(probe.Value.Replace("//:", "//pod:")).Port), probe.Value));
        }
    }

    [Theory]
    [MemberData(nameof(Renderings.Meshes), MemberType = typeof(Renderings))]
    public async Task Rules_LeadToTheSidecarsListener(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var pod in manifests.Pods.Where(pod => pod.Sidecar is not null))
        {
            var role = pod.Annotations["sidecar.proxy/role"];
            var ports = pod.Annotations[$"sidecar.proxy/{role}-ports"];
            string? Setting(string name) => pod.Sidecar.Items("env").Single(item => item.Text("name") == $"SIDECAR__{name}").Text("value");

            Assert.Equal(role, Setting("LISTENERS__0__ROLE"));
            Assert.Equal(["apply", $"--{role}-port", Setting("LISTENERS__0__LISTEN")!, $"--{role}-ports", ports], pod.InitContainers.First().Words("args"));
            Assert.Equal(pod.Annotations["sidecar.proxy/oracle"], Setting("ORACLE__ADDRESS"));
            // No probe of the application goes to a redirected port.
            Assert.DoesNotContain(pod.Containers.SelectMany(container => container.Everywhere("httpGet")), probe => role == "inbound" && (int)probe["port"]! == int.Parse(ports));
        }
    }

    // The whole of what the sidecars may ask; each of these accounts belongs to a pod with a sidecar.
    [Theory]
    [MemberData(nameof(Renderings.WithNames), MemberType = typeof(Renderings))]
    public async Task Role_AllowsToListAndWatchOnlyWhatNamesNeed(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        var role = Assert.Single(manifests.Of("Role"));
        var binding = Assert.Single(manifests.Of("RoleBinding"));

        Assert.Equal(
            [": pods list", ": pods watch", ": services list", ": services watch", "discovery.k8s.io: endpointslices list", "discovery.k8s.io: endpointslices watch"],
            from rule in role.Items("rules")
            from api in rule.Words("apiGroups")
            from resource in rule.Words("resources")
            from verb in rule.Words("verbs")
            select $"{api}: {resource} {verb}");
        Assert.Equal((role.Kind(), role.Name()), (binding.Text("roleRef.kind"), binding.Text("roleRef.name")));
        Assert.Equal(
            manifests.Pods.Where(pod => pod.Sidecar is not null).Select(pod => ("ServiceAccount", pod.Spec.Text("serviceAccountName"), (string?)Namespace)).Order(),
            binding.Items("subjects").Select(subject => (subject.Text("kind")!, subject.Text("name"), subject.Text("namespace"))).Order());
        Assert.Empty(manifests.Of("ClusterRole").Concat(manifests.Of("ClusterRoleBinding")));
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task AutoscalersAndBudgets_BelongToDeployments(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var scaler in manifests.Of("HorizontalPodAutoscaler"))
        {
            var target = manifests.Find(scaler.Text("spec.scaleTargetRef.kind")!, scaler.Text("spec.scaleTargetRef.name"))!;
            Assert.Equal(scaler.Text("spec.scaleTargetRef.apiVersion"), target.Text("apiVersion"));
            // Each apply would set this number again.
            Assert.Null(target.At("spec.replicas"));
            Assert.All(scaler.Items("spec.metrics"), metric =>
            {
                var container = Assert.Single(new PodTemplate(target).Containers, container => container.Text("name") == metric.Text("containerResource.container"));
                Assert.NotNull(container.At($"resources.requests.{metric.Text("containerResource.name")}"));
            });
        }

        Assert.All(manifests.Of("PodDisruptionBudget"), budget =>
        {
            var pod = Assert.Single(manifests.Pods, pod => budget.At("spec.selector").Selects(pod.Labels));
            var least = (int?)manifests.Find("HorizontalPodAutoscaler", pod.Name).At("spec.minReplicas") ?? (int?)pod.Workload.At("spec.replicas") ?? 1;
            Assert.True(least > 1, $"{pod.Name}: a budget for one replica");
        });
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task Routes_LeadFromAGatewayToAService(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        bool HasGateway(string group, string? name) => manifests.Of("Gateway").Any(item => item.Name() == name && item.Text("apiVersion")!.StartsWith(group, StringComparison.Ordinal));

        Assert.All(manifests.Of("HTTPRoute"), route =>
        {
            Assert.All(route.Items("spec.parentRefs"), parent => Assert.True(HasGateway("gateway.networking.k8s.io/", parent.Text("name"))));
            Assert.All(route.Items("spec.rules").SelectMany(rule => rule.Items("backendRefs")), to => AssertServicePort(manifests, to.Text("name"), (int)to["port"]!));
        });
        Assert.All(manifests.Of("VirtualService"), route =>
        {
            Assert.All(route.Words("spec.gateways"), name => Assert.True(HasGateway("networking.istio.io/", name)));
            Assert.All(route.Everywhere("destination"), to => AssertServicePort(manifests, to.Text("host"), (int)to.At("port.number")!));
        });
    }

    [Theory]
    [MemberData(nameof(Renderings.All), MemberType = typeof(Renderings))]
    public async Task Monitors_FindPorts(string rendering)
    {
        var manifests = await Renderings.OfAsync(rendering);
        foreach (var monitor in manifests.Of("PodMonitor"))
        {
            var pods = manifests.Pods.Where(pod => monitor.At("spec.selector").Selects(pod.Labels)).ToList();
            Assert.NotEmpty(pods);
            Assert.All(monitor.Items("spec.podMetricsEndpoints"), endpoint => Assert.All(pods, pod => Assert.True(pod.HasPort(endpoint["port"]))));
        }

        foreach (var monitor in manifests.Of("ServiceMonitor"))
        {
            var services = manifests.Of("Service").Where(service => monitor.At("spec.selector").Selects(service.Texts("metadata.labels"))).ToList();
            Assert.NotEmpty(services);
            Assert.All(monitor.Items("spec.endpoints"), endpoint =>
                Assert.All(services, service => Assert.Contains(service.Items("spec.ports"), port => port.Text("name") == endpoint.Text("port"))));
        }
    }

    private static void AssertServicePort(Manifests manifests, string? name, int port) =>
        Assert.True(manifests.Find("Service", name).Items("spec.ports").Any(item => (int)item["port"]! == port), $"{name}:{port}");
}
