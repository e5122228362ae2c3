using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chassis;
using Microsoft.Extensions.Logging;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Options;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>Names from an API server that pages, forgets, is slow, breaks off and sends what it should not.</summary>
[SystemTest]
public sealed class PeerNamesTests : IDisposable
{
    private readonly ErrorLog _log = new(LogLevel.Information);
    private readonly LoggerFactory _loggers = new();
    private readonly MeterFactory _meters = new();
    private readonly TempFolder _folder = new();

    public PeerNamesTests() => _loggers.AddProvider(_log);

    private static readonly string[] Kinds = ["endpointslices", "pods", "services"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _loggers.Dispose();
        _folder.Dispose();
    }

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
        Assert.Empty(_log.Lines);
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

    [Fact]
    public async Task Cluster_HasNamesOfAllNamespaces()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5", space: "a"), Pod("web-1", "10.1.0.6", space: "b"));
        using var names = await SyncedAsync(api, new KubernetesOptions { AllNamespaces = true });

        Assert.Equal(("a", "b"), (Find(names, SidecarRole.Inbound, "10.1.0.5:1", "127.0.0.1:9").Client.Pod!.Namespace, Find(names, SidecarRole.Inbound, "10.1.0.6:1", "127.0.0.1:9").Client.Pod!.Namespace));
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
        Assert.Empty(_log.Lines);
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
        Assert.Contains(_log.Lines, line => line.Contains("not up to date", StringComparison.Ordinal));
        Assert.Contains(_log.Lines, line => line.Contains("up to date again", StringComparison.Ordinal));
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
        Assert.Contains(_log.Lines, line => line.Contains("410 too old resource version", StringComparison.Ordinal));
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
        Assert.Empty(_log.Lines);
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

        Assert.Equal(Kinds, _log.Lines.Select(line => line.Split(' ')[2]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Token_IsReadAgain_AndOnlyTheClustersAuthorityIsTrusted()
    {
        using var certificate = Certificate();
        await using var api = await KubernetesApi.StartAsync(certificate);
        api.Token = "first";
        api.Set(Pod("web-1", "10.1.0.5"));
        var options = new KubernetesOptions { TokenFile = _folder.Write("token", "first\n"), CaFile = _folder.Write("ca.crt", certificate.ExportCertificatePem()) };
        using var names = await SyncedAsync(api, options);
        Assert.Empty(_log.Lines);

        api.Token = "second";
        api.EndWatches();
        await Eventually.TrueAsync(() => _log.Lines.Count >= 3);
        Assert.All(_log.Take(), line => Assert.Contains("401 Unauthorized", line, StringComparison.Ordinal));
        api.Set(Pod("web-2", "10.1.0.6"));
        _folder.Write("token", "second\n");

        await NamedAsync(names, "10.1.0.6", "web-2");
        Assert.Equal(1, api.Lists("pods"));
        using var stranger = Certificate();
        using var untrusting = Create(api.Url, options with { CaFile = _folder.Write("other.crt", stranger.ExportCertificatePem()) });
        await untrusting.StartAsync(Cancel);
        await Eventually.TrueAsync(() => _log.Lines.Any(line => line.Contains("not up to date", StringComparison.Ordinal) && !line.Contains("401", StringComparison.Ordinal)));
        Assert.False(untrusting.IsSynced);
        await untrusting.StopAsync(Cancel);
    }

    [Fact]
    public void Files_ThatAreMissing_AreErrorsOfTheStart()
    {
        var https = new Uri("https://127.0.0.1:1");
        var authorities = _folder.Write("empty.crt", "");

        Assert.Contains("kubernetes.ca-file '/nowhere/ca.crt'", Assert.Throws<UsageException>(() => Create(https, new KubernetesOptions { CaFile = "/nowhere/ca.crt" })).Message, StringComparison.Ordinal);
        Assert.Contains("there is no certificate", Assert.Throws<UsageException>(() => Create(https, new KubernetesOptions { CaFile = authorities })).Message, StringComparison.Ordinal);
        using var certificate = Certificate();
        var options = new KubernetesOptions { CaFile = _folder.Write("ca.crt", certificate.ExportCertificatePem()), TokenFile = "/nowhere/token" };
        Assert.Contains("kubernetes.token-file '/nowhere/token'", Assert.Throws<UsageException>(() => Create(https, options)).Message, StringComparison.Ordinal);
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
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Names_OfTheOwnPodAlone_AskNobody()
    {
        await using var api = await KubernetesApi.StartAsync();
        api.Set(Pod("web-1", "10.1.0.5"));
        using var names = Create(api.Url, new KubernetesOptions { Names = PeerNaming.Own, Pod = "shop-1", LabelsFile = _folder.Write("labels", "app=\"shop\"\nteam=\"a b\"\n") });
        await names.StartAsync(Cancel);

        var found = Find(names, SidecarRole.Inbound, "10.1.0.5:5000", "127.0.0.1:9000");

        await names.StopAsync(Cancel);
        Assert.Null(found.Client.Pod);
        Assert.Equal(["app=shop", "team=a b"], found.Server.Pod!.Labels.Select(label => $"{label.Name}={label.Value}"));
        Assert.Empty(api.Requests);
    }

    private static string Ip(int i) => $"10.1.{i / 250}.{(i % 250) + 1}";

    private static ConnectionNames Find(PeerNames names, SidecarRole role, string client, string server) =>
        names.Begin(role, IPEndPoint.Parse(client), IPEndPoint.Parse(server), DateTimeOffset.UtcNow)();

    private static string? ClientOf(PeerNames names, string address) => Find(names, SidecarRole.Inbound, $"{address}:5000", "127.0.0.1:9000").Client.Pod?.Name;

    private Task NamedAsync(PeerNames names, string address, string? pod) =>
        Eventually.TrueAsync(() => ClientOf(names, address) == pod, () => $"{address} is {ClientOf(names, address) ?? "nobody"}, not {pod ?? "nobody"}; {string.Join('\n', _log.Lines)}");

    private PeerNames Create(Uri server, KubernetesOptions? options = null)
    {
        options ??= new KubernetesOptions();
        return new PeerNames(
            options with { Names = options.Names == PeerNaming.Off ? PeerNaming.On : options.Names, Server = server, Namespace = "shop" }, _meters, TimeProvider.System, _loggers.CreateLogger<PeerNames>());
    }

    private async Task<PeerNames> SyncedAsync(KubernetesApi api, KubernetesOptions? options = null)
    {
        var names = Create(api.Url, options);
        await names.StartAsync(Cancel);
        await Eventually.TrueAsync(() => names.IsSynced, () => $"{string.Join('\n', api.Requests)}\n{string.Join('\n', _log.Lines)}");
        return names;
    }

    // The value of an instrument for a kind of objects.
    private double Measured(string name)
    {
        var values = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == _meters)
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => values[$"{instrument.Name} {tags[0].Value}"] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => values[$"{instrument.Name} {tags[0].Value}"] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values[name];
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }
}
