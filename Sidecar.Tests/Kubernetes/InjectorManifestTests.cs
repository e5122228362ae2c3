using System.Text.Json.Nodes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Kubernetes;

/// <summary>The objects of the webhook: each finds what it refers to. On a real cluster: <c>Cluster/ClusterInjectorTests</c>.</summary>
[SystemTest]
public sealed class InjectorManifestTests
{
    private const string Space = "sidecar-system";
    private const string Name = "sidecar-injector";

    [Fact]
    public async Task Webhook_AsksTheServiceThatLeadsToTheInjector()
    {
        var manifests = await Renderings.OfAsync(Renderings.Injector);
        var webhook = Assert.Single(manifests.Find("MutatingWebhookConfiguration", Name).Items("webhooks"));
        var pod = Assert.Single(manifests.Pods);
        var service = manifests.Find("Service", webhook.Text("clientConfig.service.name"));

        Assert.All(manifests.All.Where(item => item.Kind() is not ("Namespace" or "MutatingWebhookConfiguration")), item => Assert.Equal(Space, item.Text("metadata.namespace")));
        Assert.Equal(Space, webhook.Text("clientConfig.service.namespace"));
        Assert.Equal("/inject", webhook.Text("clientConfig.service.path"));
        var port = Assert.Single(service.Items("spec.ports"));
        Assert.Equal((int)webhook.At("clientConfig.service.port")!, (int)port["port"]!);
        Assert.True(pod.HasPort(port["targetPort"]));
        Assert.True(service.At("spec.selector") is JsonObject selector && selector.All(label => pod.Labels[label.Key] == (string?)label.Value));
        Assert.Equal("Fail", webhook.Text("failurePolicy"));
    }

    [Fact]
    public async Task Webhook_NeverAsksForItsOwnNamespace()
    {
        var manifests = await Renderings.OfAsync(Renderings.Injector);
        var webhook = Assert.Single(manifests.Find("MutatingWebhookConfiguration", Name).Items("webhooks"));

        Assert.NotEmpty(webhook.Texts("namespaceSelector.matchLabels"));
        Assert.False(webhook.At("namespaceSelector").Selects(manifests.Find("Namespace", Space).Texts("metadata.labels")));
    }

    [Fact]
    public async Task Injector_HasTheLeastRights()
    {
        var manifests = await Renderings.OfAsync(Renderings.Injector);
        var pod = Assert.Single(manifests.Pods);
        var container = Assert.Single(pod.AllContainers);

        Assert.False((bool)manifests.Find("ServiceAccount", pod.Spec.Text("serviceAccountName"))!["automountServiceAccountToken"]!);
        Assert.Equal("restricted", manifests.Find("Namespace", Space).Texts("metadata.labels")["pod-security.kubernetes.io/enforce"]);
        Assert.Equal(["ALL"], container.Words("securityContext.capabilities.drop"));
        Assert.False((bool)container.At("securityContext.allowPrivilegeEscalation")!);
        Assert.True((bool)container.At("securityContext.readOnlyRootFilesystem")!);
        Assert.True((bool)pod.Spec.At("securityContext.runAsNonRoot")!);
        // The files of the Secret belong to root and to this group.
        Assert.Equal((int)pod.Spec.At("securityContext.runAsGroup")!, (int)pod.Spec.At("securityContext.fsGroup")!);
        Assert.All(pod.Spec.Items("topologySpreadConstraints"), spread => Assert.True(spread["labelSelector"].Selects(pod.Labels)));
        Assert.True(manifests.Find("PodDisruptionBudget", Name).At("spec.selector").Selects(pod.Labels));
        var policy = Assert.Single(manifests.Of("NetworkPolicy"));
        Assert.True(policy.At("spec.podSelector").Selects(pod.Labels));
        Assert.Equal([8443, 15021, 15090], policy.Items("spec.ingress").SelectMany(rule => rule.Items("ports")).Select(port => (int)port["port"]!));
    }

    [Fact]
    public async Task CertManager_MakesTheSecretThatThePodMounts()
    {
        var manifests = await Renderings.OfAsync(Renderings.CertManager);
        var certificate = manifests.Find("Certificate", Name)!;
        var pod = Assert.Single(manifests.Pods);

        Assert.Equal(Assert.Single(pod.Spec.Items("volumes")).Text("secret.secretName"), certificate.Text("spec.secretName"));
        Assert.Contains($"{Name}.{Space}.svc", certificate.Words("spec.dnsNames"));
        // A renewal must not change the authority: the API server would not trust the certificate that the pod still has.
        var root = manifests.Of("Certificate").Single(other => (bool?)other.At("spec.isCA") == true);
        Assert.Equal(root.Text("spec.secretName"), manifests.Find("Issuer", certificate.Text("spec.issuerRef.name")).Text("spec.ca.secretName"));
        Assert.NotNull(manifests.Find("Issuer", root.Text("spec.issuerRef.name")).At("spec.selfSigned"));
        Assert.Equal("Never", root.Text("spec.privateKey.rotationPolicy"));
        Assert.Equal($"{Space}/{certificate.Name()}", manifests.Find("MutatingWebhookConfiguration", Name).Texts("metadata.annotations")["cert-manager.io/inject-ca-from"]);
    }
}
