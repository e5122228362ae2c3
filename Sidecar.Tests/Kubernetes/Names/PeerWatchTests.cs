using Oracle.Protocol;
using Sidecar.Options;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>Names from an API server that pages, forgets, is slow, breaks off and sends what it should not.</summary>
[SystemTest]
public sealed class PeerWatchTests : PeerNamesTestBase
{
    private static readonly string[] Kinds = ["endpointslices", "pods", "services"];

    [Fact]
    public async Task AThousandPods_ComeInPages()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Enumerable.Range(0, 1000).Select(i => Pod($"pod-{i}", Ip(i))));
        api.Set(Pod("elsewhere", "10.9.9.9", space: "other"));
        using var names = await SyncedAsync(api);

        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal($"pod-{i}", ClientOf(names, Ip(i))));
        Assert.Null(ClientOf(names, "10.9.9.9"));
        Assert.Equal(10, api.Requests.Count(request => request.Contains("/namespaces/shop/pods?limit=100", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Changes_InPiecesOfBytes_Arrive(int piece)
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Piece = piece;
        var (first, second) = (Pod("web-1", "10.1.0.5"), Pod("web-2", "10.1.0.6", more: "ü\n{\"type\":\"DELETED\"}\n"));
        api.Set(first);
        using var names = await SyncedAsync(api);

        api.Set(second);
        await NamedAsync(names, "10.1.0.6", "web-2");
        api.Set(Pod("web-2", "10.1.0.7"));
        await NamedAsync(names, "10.1.0.7", "web-2");
        api.Delete(first);
        await NamedAsync(names, "10.1.0.5", null);

        Assert.Null(ClientOf(names, "10.1.0.6"));
        Assert.Equal(1, api.Lists("pods"));
        Assert.Empty(Log.Lines);
    }

    [Theory]
    [InlineData("Unavailable")]
    [InlineData("Cut")]
    [InlineData("End")]
    [InlineData("Garbage")]
    [InlineData("Strange")]
    [InlineData("Oversize")]
    [InlineData("Gone")]
    [InlineData("Cut", "Gone", "Garbage", "End", "Oversize", "Strange")]
    public async Task Lists_ThatFail_AreRepeated(params string[] faults)
    {
        await using var api = await KubernetesApi.StartAsync();
        foreach (var fault in faults)
            api.ListFaults.Enqueue(Enum.Parse<ApiFault>(fault));
        api.Set(Pod("web-1", "10.1.0.5"));
        using var names = await SyncedAsync(api);

        Assert.Equal("web-1", ClientOf(names, "10.1.0.5"));
        Assert.Contains(Log.Lines, line => line.Contains("not up to date", StringComparison.Ordinal));
        Assert.Contains(Log.Lines, line => line.Contains("up to date again", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Cut")]
    [InlineData("End")]
    [InlineData("Garbage")]
    [InlineData("Strange")]
    [InlineData("Oversize")]
    [InlineData("Gone")]
    [InlineData("Unavailable", "Garbage", "Cut", "Gone", "End", "Cut")]
    public async Task Watches_ThatFail_LoseNoChange(params string[] faults)
    {
        await using var api = await KubernetesApi.StartAsync();
        var gone = Pod("web-1", "10.1.0.5");
        api.Set(gone, Pod("web-2", "10.1.0.6"));
        using var names = await SyncedAsync(api);
        foreach (var fault in faults)
            api.WatchFaults.Enqueue(Enum.Parse<ApiFault>(fault));

        api.Delete(gone);
        api.Set(Pod("web-3", "10.1.0.7"));

        await NamedAsync(names, "10.1.0.7", "web-3");
        await NamedAsync(names, "10.1.0.5", null);
        Assert.Equal("web-2", ClientOf(names, "10.1.0.6"));
        // After some faults the next list has all changes; so further changes meet the faults behind.
        await Eventually.TrueAsync(() =>
        {
            api.Set(Pod("web-2", "10.1.0.6"));
            return api.WatchFaults.IsEmpty;
        });
        api.Set(Pod("web-4", "10.1.0.8"));
        await NamedAsync(names, "10.1.0.8", "web-4");
    }

    [Fact]
    public async Task Watch_ThatEnds_GoesOnWhereItWas()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5"));
        using var names = await SyncedAsync(api);
        await Eventually.TrueAsync(() => api.Watches("pods").Count == 1);
        api.Set(Pod("web-2", "10.1.0.6"));
        await NamedAsync(names, "10.1.0.6", "web-2");

        api.EndWatches();
        await Eventually.TrueAsync(() => api.Watches("pods").Count == 2);
        api.Set(Pod("web-3", "10.1.0.7"));
        await NamedAsync(names, "10.1.0.7", "web-3");

        Assert.Equal(1, api.Lists("pods"));
        Assert.All(api.Watches("pods"), watch => Assert.Contains("allowWatchBookmarks=true", watch, StringComparison.Ordinal));
    }

    // With no change of pods for long, only a bookmark keeps the place of the watch.
    [Fact]
    public async Task Bookmark_KeepsThePlace_WhenHistoryIsForgotten()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5"));
        using var names = await SyncedAsync(api);
        await Eventually.TrueAsync(() => api.Begun.Contains("Pod"));
        api.Forget();
        api.Bookmark("Pod");
        api.EndWatches();
        await Eventually.TrueAsync(() => api.Begun.Count(kind => kind == "Pod") == 2);
        api.Set(Pod("web-2", "10.1.0.6"));

        await NamedAsync(names, "10.1.0.6", "web-2");
        Assert.Equal(1, api.Lists("pods"));
    }

    [Fact]
    public async Task ForgottenHistory_IsListedAgain()
    {
        await using var api = await KubernetesApi.StartAsync();
        var gone = Pod("web-1", "10.1.0.5");
        api.Set(gone, Pod("web-2", "10.1.0.6"));
        using var names = await SyncedAsync(api);

        // While nobody watches.
        api.Hangs = true;
        api.EndWatches();
        api.Delete(gone);
        api.Set(Pod("web-3", "10.1.0.7"));
        api.Forget();
        api.Hangs = false;

        await NamedAsync(names, "10.1.0.7", "web-3");
        Assert.Null(ClientOf(names, "10.1.0.5"));
        Assert.Equal("web-2", ClientOf(names, "10.1.0.6"));
        Assert.Equal(2, api.Lists("pods"));
        Assert.Contains(Log.Lines, line => line.Contains("410 too old resource version", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SlowServer_KeepsNobodyWaiting()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Hangs = true;
        api.Set(Pod("web-1", "10.1.0.5"));
        using var names = Create(api.Url, new KubernetesOptions { Pod = "shop-1" });
        await names.StartAsync(Cancel);
        await Eventually.TrueAsync(() => api.Requests.Count == 3);

        var found = Find(names, SidecarRole.Inbound, "10.1.0.5:5000", "127.0.0.1:9000");

        Assert.Equal((null, "shop-1"), (found.Client.Pod, found.Server.Pod!.Name));
        Assert.False(names.IsSynced);
        api.Hangs = false;
        await NamedAsync(names, "10.1.0.5", "web-1");
        await names.StopAsync(Cancel);
        Assert.Empty(Log.Lines);
    }

    [Fact]
    public async Task Server_ThatIsAway_IsLoggedOnceForEachKind()
    {
        var api = await KubernetesApi.StartAsync();
        var url = api.Url;
        await api.DisposeAsync();
        using var names = Create(url);
        await names.StartAsync(Cancel);

        await Eventually.TrueAsync(() => Kinds.All(kind => Measured($"sidecar.kubernetes.watch.errors {kind}") >= 3));
        await names.StopAsync(Cancel);

        Assert.Equal(Kinds, Log.Lines.Select(line => line.Split(' ')[2]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Token_IsReadAgain_AndOnlyTheClustersAuthorityIsTrusted()
    {
        using var certificate = TestCertificate.Create();
        await using var api = await KubernetesApi.StartAsync(certificate);
        api.Token = "first";
        api.Set(Pod("web-1", "10.1.0.5"));
        var options = new KubernetesOptions { TokenFile = Folder.Write("token", "first\n"), CaFile = Folder.Write("ca.crt", certificate.ExportCertificatePem()) };
        using var names = await SyncedAsync(api, options);
        Assert.Empty(Log.Lines);

        api.Token = "second";
        api.EndWatches();
        await Eventually.TrueAsync(() => Log.Lines.Count >= 3);
        Assert.All(Log.Take(), line => Assert.Contains("401 Unauthorized", line, StringComparison.Ordinal));
        api.Set(Pod("web-2", "10.1.0.6"));
        Folder.Write("token", "second\n");

        await NamedAsync(names, "10.1.0.6", "web-2");
        Assert.Equal(1, api.Lists("pods"));
        using var stranger = TestCertificate.Create();
        using var untrusting = Create(api.Url, options with { CaFile = Folder.Write("other.crt", stranger.ExportCertificatePem()) });
        await untrusting.StartAsync(Cancel);
        await Eventually.TrueAsync(() => Log.Lines.Any(line => line.Contains("not up to date", StringComparison.Ordinal) && !line.Contains("401", StringComparison.Ordinal)));
        Assert.False(untrusting.IsSynced);
        await untrusting.StopAsync(Cancel);
    }

    [Fact]
    public async Task MorePodsThanAllowed_AreLeftOutAndCounted()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Enumerable.Range(0, 250).Select(i => Pod($"pod-{i:000}", Ip(i))));
        using var names = await SyncedAsync(api, new KubernetesOptions { MaxEntries = 100 });

        Assert.Equal(100, Enumerable.Range(0, 250).Count(i => ClientOf(names, Ip(i)) is not null));
        Assert.Equal((100, 150, 1), (Measured("sidecar.kubernetes.entries pods"), Measured("sidecar.kubernetes.left_out pods"), Measured("sidecar.kubernetes.synced pods")));
        api.Delete(Pod("pod-000", Ip(0)));
        api.Set(Pod("one-more", "10.1.9.9"));
        await NamedAsync(names, "10.1.9.9", "one-more");
    }

    [Fact]
    public async Task LargeObjects_ComeInSmallerPages()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Enumerable.Range(0, 40).Select(i => Pod($"pod-{i}", Ip(i), more: new string('x', 400_000))));
        using var names = await SyncedAsync(api);

        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal($"pod-{i}", ClientOf(names, Ip(i))));
    }

    [Fact]
    public async Task OldCluster_HasTheOlderEndpointSlices()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.IsOld = true;
        api.Set(Pod("web-1", "10.1.0.5"), Slice("web", 8080, "web-1"));
        using var names = await SyncedAsync(api);

        await Eventually.TrueAsync(() => Find(names, SidecarRole.Inbound, "10.1.0.5:5000", "127.0.0.1:9000").Client.Service?.Name == "web");
        Assert.Empty(Log.Lines);
    }
}
