using System.Net;
using Chassis;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>Which names the ends of a connection have.</summary>
[SystemTest]
public sealed class PeerNamesTests : PeerNamesTestBase
{
    [Fact]
    public async Task Ends_OfAnInboundConnection_AreThePeerAndTheOwnPod()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5"), Pod("shop-1", "10.1.0.6"), Service("web", "10.96.0.1"), Service("shop", "10.96.0.2"), Slice("web", 8080, "web-1"), Slice("shop", 9000, "shop-1"), Slice("shop-admin", 9001, "shop-1"));
        using var names = await SyncedAsync(api, new KubernetesOptions { Pod = "shop-1", Node = "node-1", ServiceAccount = "shop" });

        // Loopback stands for the own address, which no test knows beforehand.
        var found = Find(names, SidecarRole.Inbound, "10.1.0.5:5000", "127.0.0.1:9000");

        Assert.Equal(("web-1", "shop", "node-1", "account"), (found.Client.Pod!.Name, found.Client.Pod.Namespace, found.Client.Pod.Node, found.Client.Pod.ServiceAccount));
        Assert.Equal(["app=web", "pod-template-hash=5d4f8c"], found.Client.Pod.Labels.Select(label => $"{label.Name}={label.Value}"));
        Assert.Equal(("web", "shop"), (found.Client.Service!.Name, found.Client.Service.Namespace));
        Assert.Equal(["team=blue"], found.Client.Service.Labels.Select(label => $"{label.Name}={label.Value}"));
        Assert.Equal(("shop-1", "shop", "node-1", "shop"), (found.Server.Pod!.Name, found.Server.Pod.Namespace, found.Server.Pod.Node, found.Server.Pod.ServiceAccount));
        Assert.Same(found.Own, found.Server.Pod);
        // Of the services that lead to the pod, the one with this port.
        Assert.Equal("shop", found.Server.Service!.Name);
        Assert.Empty(Log.Lines);
    }

    [Fact]
    public async Task Ends_OfAnOutboundConnection_AreTheOwnPodAndTheService()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("shop-1", "10.1.0.6"), Service("shop", "10.96.0.2"), Service("headless", "None"), Slice("headless", 9000, "shop-1"));
        using var names = await SyncedAsync(api, new KubernetesOptions { Pod = "web-1" });

        var byService = Find(names, SidecarRole.Outbound, "127.0.0.1:5000", "[::ffff:10.96.0.2]:80");
        var byPod = Find(names, SidecarRole.Outbound, "127.0.0.1:5000", "10.1.0.6:9000");
        var byOther = Find(names, SidecarRole.Outbound, "127.0.0.1:5000", "192.0.2.9:443");

        Assert.Equal(("web-1", null, "shop"), (byService.Client.Pod!.Name, byService.Server.Pod, byService.Server.Service!.Name));
        Assert.Equal(("web-1", "shop-1", "headless"), (byPod.Client.Pod!.Name, byPod.Server.Pod!.Name, byPod.Server.Service!.Name));
        Assert.Equal(new EndNames(null, null), byOther.Server);
    }

    [Fact]
    public async Task Cluster_HasNamesOfAllNamespaces()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5", space: "a"), Pod("web-1", "10.1.0.6", space: "b"));
        using var names = await SyncedAsync(api, new KubernetesOptions { AllNamespaces = true });

        Assert.Equal(("a", "b"), (Find(names, SidecarRole.Inbound, "10.1.0.5:1", "127.0.0.1:9").Client.Pod!.Namespace, Find(names, SidecarRole.Inbound, "10.1.0.6:1", "127.0.0.1:9").Client.Pod!.Namespace));
    }

    [Fact]
    public async Task ReusedAddress_HasThePodOfTheTime()
    {
        await using var api = await KubernetesApi.StartAsync();
        var now = DateTimeOffset.UtcNow;
        var (old, later) = (Pod("old", "10.1.0.5", created: now.AddHours(-2)), Pod("later", "10.1.0.5", created: now.AddHours(-1)));
        api.Set(old);
        using var names = await SyncedAsync(api);
        var connection = names.Begin(SidecarRole.Inbound, IPEndPoint.Parse("10.1.0.5:1"), IPEndPoint.Parse("127.0.0.1:9"), now.AddMinutes(-90));

        api.Set(later);
        await NamedAsync(names, "10.1.0.5", "later");

        // The first pod's connection is still its own; the second cannot have been its client.
        Assert.Equal("old", connection().Client.Pod!.Name);
        // Its last change, and its end, take nothing from the second.
        api.Set(old);
        api.Delete(old);
        api.Set(Pod("barrier", "10.1.0.9"));
        await NamedAsync(names, "10.1.0.9", "barrier");
        Assert.Equal("later", ClientOf(names, "10.1.0.5"));
        Assert.Equal("old", connection().Client.Pod!.Name);
    }

    [Fact]
    public async Task NewPod_ThatBecomesKnownAfterItsFirstConnection_HasItsName()
    {
        await using var api = await KubernetesApi.StartAsync();
        using var names = await SyncedAsync(api);
        var connection = names.Begin(SidecarRole.Inbound, IPEndPoint.Parse("10.1.0.5:1"), IPEndPoint.Parse("127.0.0.1:9"), DateTimeOffset.UtcNow);
        Assert.Null(connection().Client.Pod);

        api.Set(Pod("web-1", "10.1.0.5", created: DateTimeOffset.UtcNow.AddSeconds(-10)));
        await NamedAsync(names, "10.1.0.5", "web-1");

        Assert.Equal("web-1", connection().Client.Pod!.Name);
    }

    [Fact]
    public void Files_ThatAreMissing_AreErrorsOfTheStart()
    {
        var https = new Uri("https://127.0.0.1:1");
        var authorities = Folder.Write("empty.crt", "");

        Assert.Contains("kubernetes.ca-file '/nowhere/ca.crt'", Assert.Throws<UsageException>(() => Create(https, new KubernetesOptions { CaFile = "/nowhere/ca.crt" })).Message, StringComparison.Ordinal);
        Assert.Contains("there is no certificate", Assert.Throws<UsageException>(() => Create(https, new KubernetesOptions { CaFile = authorities })).Message, StringComparison.Ordinal);
        using var certificate = TestCertificate.Create();
        var options = new KubernetesOptions { CaFile = Folder.Write("ca.crt", certificate.ExportCertificatePem()), TokenFile = "/nowhere/token" };
        Assert.Contains("kubernetes.token-file '/nowhere/token'", Assert.Throws<UsageException>(() => Create(https, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_OfTheOwnPodAlone_AskNobody()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5"));
        using var names = Create(api.Url, new KubernetesOptions { Names = PeerNaming.Own, Pod = "shop-1", LabelsFile = Folder.Write("labels", "app=\"shop\"\nteam=\"a b\"\n") });
        await names.StartAsync(Cancel);

        var found = Find(names, SidecarRole.Inbound, "10.1.0.5:5000", "127.0.0.1:9000");

        await names.StopAsync(Cancel);
        Assert.Null(found.Client.Pod);
        Assert.Equal(["app=shop", "team=a b"], found.Server.Pod!.Labels.Select(label => $"{label.Name}={label.Value}"));
        Assert.Empty(api.Requests);
    }
}
