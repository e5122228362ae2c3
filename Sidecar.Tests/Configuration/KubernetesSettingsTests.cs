using Chassis;
using Chassis.Settings;
using Sidecar.Configuration;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class KubernetesSettingsTests
{
    [Fact]
    public void Default_HasNoNames() => Assert.Equal(PeerNaming.Off, Read().Names);

    [Fact]
    public void On_WithAServer_IsRead()
    {
        var options = Read("names=on", "server=https://10.96.0.1:443", "namespace=shop", "pod=shop-1", "node=node.example", "service-account=shop", "labels=app,team", "scope=cluster", "max-entries=200");

        Assert.Equal((PeerNaming.On, "https://10.96.0.1/", "shop", "shop-1", "node.example", "shop"), (options.Names, options.Server!.AbsoluteUri, options.Namespace, options.Pod, options.Node, options.ServiceAccount));
        Assert.Equal(["app", "team"], options.Labels!);
        Assert.Equal((true, 200), (options.AllNamespaces, options.MaxEntries));
    }

    [Theory]
    [InlineData("--kubernetes-names 'yes': one of off, own, on is expected", "names=yes")]
    [InlineData("--kubernetes-names 'on': this is no pod (KUBERNETES_SERVICE_HOST is missing): give kubernetes.server, or take own or off", "names=on", "namespace=shop")]
    [InlineData("--kubernetes-names 'on': the own namespace is not known: give kubernetes.namespace or the variable POD_NAMESPACE", "names=on", "server=https://10.96.0.1")]
    [InlineData("--kubernetes-names 'own': the own pod is not known: give kubernetes.pod or the variable POD_NAME", "names=own")]
    [InlineData("--kubernetes-pod 'My Pod': the name of an object of Kubernetes is expected: small letters, digits, - and .", "names=own", "pod=My Pod")]
    [InlineData("--kubernetes-scope 'all': one of namespace, cluster is expected", "names=on", "server=https://10.96.0.1", "namespace=shop", "scope=all")]
    [InlineData("--kubernetes-server 'kubernetes': an address such as http://127.0.0.1:9000 is expected", "names=on", "server=kubernetes", "namespace=shop")]
    [InlineData("--kubernetes-max-entries '5': a whole number 100 to 1000000 is expected", "names=on", "server=https://10.96.0.1", "namespace=shop", "max-entries=5")]
    [InlineData("--kubernetes-scope 'cluster': kubernetes.names is own; remove this, or take on", "names=own", "pod=shop-1", "scope=cluster")]
    [InlineData("--kubernetes-labels 'app': kubernetes.names is off; remove this, or take own or on", "labels=app")]
    public void WrongSetting_IsNamedWithItsRemedy(string expected, params string[] words) =>
        Assert.Equal(expected, Assert.Single(Assert.Throws<UsageException>(() => Read(words)).Lines));

    [Theory]
    [InlineData("10.96.0.1", "443", "https://10.96.0.1/")]
    [InlineData("10.96.0.1", "6443", "https://10.96.0.1:6443/")]
    [InlineData("fd00::1", "443", "https://[fd00::1]/")]
    [InlineData("10.96.0.1", null, "https://10.96.0.1/")]
    public void Server_OfAPod_IsThatOfItsVariables(string host, string? port, string expected) => Assert.Equal(expected, KubernetesOptions.ServerOf(host, port)!.AbsoluteUri);

    private static KubernetesOptions Read(params string[] words)
    {
        var settings = new SettingSet().Add(words.Select(word => Words.Option($"kubernetes.{word}")));
        var options = KubernetesSettings.Read(settings);
        settings.ThrowErrors();
        return options;
    }
}
