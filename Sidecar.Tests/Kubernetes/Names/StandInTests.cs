using k8s;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>KubernetesClient, which nobody here wrote, takes the stand-in for a cluster.</summary>
[SystemTest]
public sealed class StandInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_HaveAllPodsOnce()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Enumerable.Range(0, 25).Select(i => Pod($"pod-{i:00}", $"10.1.0.{i}")));
        using var client = Client(api);
        var (names, sizes, next) = (new List<string>(), new List<int>(), (string?)null);
        do
        {
            var page = await client.CoreV1.ListNamespacedPodAsync("shop", limit: 10, continueParameter: next, cancellationToken: Cancel);
            names.AddRange(page.Items.Select(pod => $"{pod.Metadata.Name} {pod.Status.PodIP} {pod.Spec.NodeName}"));
            sizes.Add(page.Items.Count);
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"pod-{i:00} 10.1.0.{i} node-1"), names);
        Assert.Equal([10, 10, 5], sizes);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public async Task Watch_HasChangesAndBookmarks(int piece)
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Piece = piece;
        var gone = Pod("web-1", "10.1.0.5");
        api.Set(gone);
        using var client = Client(api);
        var list = await client.CoreV1.ListNamespacedPodAsync("shop", cancellationToken: Cancel);
        var seen = new List<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        api.Set(Pod("web-2", "10.1.0.6"));
        api.Set(Pod("web-2", "10.1.0.7"));
        api.Delete(gone);
        api.Bookmark("Pod");
        await foreach (var (type, pod) in client.CoreV1.WatchListNamespacedPodAsync("shop", resourceVersion: list.Metadata.ResourceVersion, allowWatchBookmarks: true, cancellationToken: stop.Token))
        {
            seen.Add($"{type} {pod.Metadata.Name}");
            if (type == WatchEventType.Bookmark)
                break;
        }

        Assert.Equal(["Added web-2", "Modified web-2", "Deleted web-1", "Bookmark "], seen);
    }

    [Fact]
    public async Task Watch_OfAForgottenPlace_IsGone()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5"));
        api.Forget();
        using var client = Client(api);
        var errors = new List<Exception>();

        await foreach (var _ in client.CoreV1.WatchListNamespacedPodAsync("shop", resourceVersion: "1001", onError: errors.Add, cancellationToken: Cancel))
            Assert.Fail("there is nothing to see");

        Assert.Equal(410, Assert.IsType<KubernetesException>(Assert.Single(errors)).Status.Code);
    }

    [Fact]
    public async Task Slices_AndServices_AreRead()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Service("shop", "10.96.0.2"), Slice("shop", 9000, "shop-1"));
        using var client = Client(api);

        var service = Assert.Single((await client.CoreV1.ListNamespacedServiceAsync("shop", cancellationToken: Cancel)).Items);
        var slice = Assert.Single((await client.DiscoveryV1.ListNamespacedEndpointSliceAsync("shop", cancellationToken: Cancel)).Items);

        Assert.Equal(("shop", "10.96.0.2"), (service.Metadata.Name, service.Spec.ClusterIP));
        Assert.Equal(("shop-1", 9000), (Assert.Single(slice.Endpoints).TargetRef.Name, Assert.Single(slice.Ports).Port));
    }

    private static k8s.Kubernetes Client(KubernetesApi api) => new(new KubernetesClientConfiguration { Host = api.Url.AbsoluteUri });
}
