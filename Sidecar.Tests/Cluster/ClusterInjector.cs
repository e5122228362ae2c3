using Sidecar.Tests.Kubernetes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Cluster;

/// <summary>The webhook in the cluster, brought there by the commands that docs/injection.md shows.</summary>
public sealed class ClusterInjector(DemoCluster demo) : IAsyncLifetime
{
    /// <summary>The namespace that the documented commands select for injection.</summary>
    public const string Space = "default";

    /// <summary>Annotations of a pod that gets a sidecar this cluster can run.</summary>
    internal const string Annotations = "{sidecar.proxy/role: outbound, sidecar.proxy/outbound-ports: '9000', sidecar.proxy/transform: '(xor 1)', sidecar.proxy/container: classic}";

    private const string Pause = "localhost/pause:1";

    internal KubernetesCluster Kubernetes => demo.Kubernetes;

    /// <summary>The manifest of a pod that does nothing.</summary>
    internal static string Pod(string name, string annotations, string labels = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}, namespace: {{Space}}, labels: { {{labels}} }, annotations: {{annotations}}}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
            - {name: main, image: '{{Pause}}', ports: [{containerPort: 9000}]}
        """;

    public async ValueTask InitializeAsync()
    {
        if (Kubernetes is null)
            return;
        using var folder = new TempFolder();
        folder.Write("kustomization.yml", $$"""
            resources: [{{Path.GetRelativePath(folder.Root, Path.Combine(KubernetesTools.Manifests, "injector"))}}]
            patches:
              # policy/v1 came with Kubernetes 1.21.
              - patch: |
                  $patch: delete
                  apiVersion: policy/v1
                  kind: PodDisruptionBudget
                  metadata: {name: sidecar-injector}
            """);
        foreach (var command in DemoCluster.Documented("docs/injection.md", "openssl req"))
            await Kubernetes.RunAsync("bash", "-c", $"cd '{folder.Root}' && {command.Replace("k8s/injector", ".", StringComparison.Ordinal)}");
        // The webhook is ready, and kube-proxy does not lead to it yet.
        await demo.EventuallyAsync(async () => (await Kubernetes.TryOutAsync(Pod("first", Annotations))).ExitCode == 0, "the webhook answers");
        // What the plain manifests have, in another namespace; native sidecars are newer than this cluster.
        (await Kubernetes.KustomizeAsync("""
            namespace: injected
            resources: [$k8s/application]
            patches:
              - target: {kind: Namespace}
                patch: |
                  - {op: add, path: /metadata/labels/sidecar.proxy~1injection, value: enabled}
              - target: {kind: Deployment, name: frontend|backend}
                patch: |
                  - {op: add, path: /spec/template/metadata/annotations/sidecar.proxy~1container, value: classic}
            """)).Well("kubectl apply");
    }

    public async ValueTask DisposeAsync()
    {
        if (Kubernetes is null)
            return;
        await Kubernetes.KubectlAsync("delete", "mutatingwebhookconfiguration", "sidecar-injector");
        await Kubernetes.KubectlAsync("delete", "namespace", "sidecar-system", "injected", "--wait=false", "--ignore-not-found");
    }
}
