using Sidecar.Capture;
using Sidecar.Kubernetes;
using Xunit;

namespace Sidecar.Tests.Capture;

public sealed class NamespaceFilterTests
{
    [Theory]
    [InlineData("", null, null, true)]
    [InlineData("", "shop", "kube-system", true)]
    [InlineData("shop", "shop", null, true)]
    [InlineData("shop", null, "shop", true)]
    [InlineData("shop", "web", "web", false)]
    [InlineData("shop", null, null, false)]
    [InlineData("shop,web", "web", "kube-system", true)]
    [InlineData("!kube-system", "web", "kube-system", false)]
    [InlineData("!kube-system", null, null, true)]
    [InlineData("!kube-system,!shop", "web", "shop", false)]
    [InlineData("shop,!kube-system", "shop", "kube-system", false)]
    [InlineData("shop,!kube-system", "shop", "web", true)]
    public void Accepts_ByTheNamespacesOfBothEnds(string choice, string? client, string? server, bool expected)
    {
        var filter = CaptureFilter.Of(new() { Namespaces = choice.Split(',', StringSplitOptions.RemoveEmptyEntries) });

        Assert.Equal(expected, filter.Accepts(new ConnectionNames(null, PodOf(client), PodOf(server))));
        Assert.Equal(expected, filter.Accepts(new ConnectionNames(null, ServiceOf(client), ServiceOf(server))));
        if (client is null && server is null)
            Assert.Equal(expected, filter.Accepts(names: null));
    }

    private static EndNames PodOf(string? space) => new(space is null ? null : new NamedPod("a", space, null, null, []), null);

    private static EndNames ServiceOf(string? space) => new(null, space is null ? null : new NamedService("a", space, []));
}
