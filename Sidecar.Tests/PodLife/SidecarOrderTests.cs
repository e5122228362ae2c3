using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Demo.Transparent;
using Demo.Verification;
using Sidecar.Tests.Kubernetes;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.PodLife;

/// <summary>
/// The pods of <c>k8s/base</c> with native sidecars, which neither the tests' podman nor their Kubernetes knows, and those with classic ones:
/// frontend and backend in namespaces of their own, storage and Oracle in a third one that joins them.
/// </summary>
[SystemTest]
public sealed class SidecarOrderTests : IAsyncLifetime
{
    private const string Rest = "10.88.0.1";
    private const string Frontend = "10.88.0.2";
    private const string Backend = "10.88.0.3";

    private readonly List<IAsyncDisposable> _live = [];
    private readonly TempFolder _folder = new();
    private NetworkNamespace? _rest;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        RootTools.Require();
        var rest = await SpaceAsync();
        await rest.RunAsync($"ip link add pods type bridge && ip address add {Rest}/24 dev pods && ip link set pods up");
        var policy = (await Renderings.OfAsync("base")).Find("ConfigMap", "oracle-policy")!["data"]!["policy.yml"]!;
        _live.Add(rest.Start(1339, "VideoApi", "storage", "9080", Repository.Clips));
        var oracle = rest.Start(1339, "Oracle", "9100", "--policy", _folder.Write("policy.yml", (string)policy!));
        _live.Add(oracle);
        await oracle.ErrorLineAsync("Questions are answered");
        _rest = rest;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var live in Enumerable.Reverse(_live))
            await live.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pods_StartAndEndInTheirOrder_AndLoseNoRequest()
    {
        var backend = await PodAsync("backend", Backend);
        var frontend = await PodAsync("frontend", Frontend);
        await backend.StartAsync();
        await frontend.StartAsync();
        foreach (var (pod, name) in new[] { (backend, "backend"), (frontend, "frontend") })
        {
            Assert.Equal(["sidecar-iptables starts", "sidecar-iptables ended with 0", "sidecar starts", "sidecar is ready", $"{name} starts", $"{name} is ready"], pod.Events);
            // The kubelet's probe of a redirected port, from outside.
            Assert.True(await new NamespaceSockets(_rest!.Name).Fetcher().IsOkAsync(new Uri($"http://{(name == "backend" ? Backend : Frontend)}:15021/readyz"), Cancellation));
        }

        Assert.Equal([], await PlayAsync(frontend));

        // The backend is deleted under load: it answers as long as the application's hook runs, through its sidecar.
        var outcomes = await DeleteUnderLoadAsync(backend, frontend.Sockets.Fetcher, new Uri($"http://{Backend}:9000/api/videos"));
        Assert.DoesNotContain(false, outcomes);
        Assert.True(outcomes.Count > 50, $"{outcomes.Count} requests");
        await frontend.DeleteAsync();
        Assert.Equal(["backend ended with 0", "sidecar ended with 0"], backend.Events.Skip(6));
        Assert.Equal(["frontend ended with 0", "sidecar ended with 0"], frontend.Events.Skip(6));
    }

    // For each page the frontend asks the backend, through its sidecar, as long as it answers browsers.
    [Fact]
    public async Task Frontend_DeletedUnderLoad_LosesNoRequest()
    {
        var backend = await PodAsync("backend", Backend);
        var frontend = await PodAsync("frontend", Frontend);
        await backend.StartAsync();
        await frontend.StartAsync();

        var outcomes = await DeleteUnderLoadAsync(frontend, () => new NamespaceSockets(_rest!.Name).Fetcher(), new Uri($"http://{Frontend}:8000/"));

        Assert.DoesNotContain(false, outcomes);
        Assert.True(outcomes.Count > 50, $"{outcomes.Count} requests");
        Assert.Equal(["frontend ended with 0", "sidecar ended with 0"], frontend.Events.Skip(6));
    }

    // All containers are told to end at the same moment; their hooks make the order.
    [Fact]
    public async Task ClassicPods_DeletedTogetherUnderLoad_LoseNoRequest()
    {
        var backend = await PodAsync("backend", Backend, rendering: Renderings.Old);
        var frontend = await PodAsync("frontend", Frontend, rendering: Renderings.Old);
        await backend.StartAsync();
        await frontend.StartAsync();
        foreach (var (pod, name) in new[] { (backend, "backend"), (frontend, "frontend") })
            Assert.Equal(["sidecar-iptables starts", "sidecar-iptables ended with 0", "sidecar starts", $"{name} starts", "sidecar is ready", $"{name} is ready"], pod.Events);

        // The backend's hook must be as long as its clients come.
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var deleted = backend.DeleteAsync(() => idle.Task);
        var outcomes = await DeleteUnderLoadAsync(frontend, () => new NamespaceSockets(_rest!.Name).Fetcher(), new Uri($"http://{Frontend}:8000/"), () => idle.TrySetResult());
        await deleted;

        Assert.DoesNotContain(false, outcomes);
        Assert.True(outcomes.Count > 50, $"{outcomes.Count} requests");
        Assert.Equal(["backend ended with 0", "sidecar ended with 0"], backend.Events.Skip(6));
        Assert.Equal(["frontend ended with 0", "sidecar ended with 0"], frontend.Events.Skip(6));
    }

    [Fact]
    public async Task Job_EndsWhenItsMainContainerEnds()
    {
        var pod = await PodAsync("backend", Backend, spec =>
        {
            // A main container that ends by itself.
            var main = spec["containers"]![0]!.AsObject();
            main["args"] = new JsonArray("wait", "1s");
            main.Remove("readinessProbe");
        });
        await pod.StartAsync();
        await pod.CompleteAsync();

        Assert.Equal(["backend ended with 0", "sidecar ended with 0"], pod.Events.Skip(5));
    }

    // Requests come until the application's hook is over: then every client knows that the pod ends.
    private static async Task<IReadOnlyCollection<bool>> DeleteUnderLoadAsync(PodProcesses pod, Func<HttpFetcher> client, Uri url, Action? isIdle = null)
    {
        using var stop = new CancellationTokenSource();
        var outcomes = new ConcurrentQueue<bool>();
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var web = client();
                outcomes.Enqueue(await web.IsOkAsync(url, CancellationToken.None));
                await Task.Delay(20);
            }
        }, Cancellation);
        await pod.DeleteAsync(async () =>
        {
            await stop.CancelAsync();
            await load;
            isIdle?.Invoke();
        });
        return outcomes;
    }

    private static async Task<IReadOnlyList<string>> PlayAsync(PodProcesses frontend)
    {
        // The service is asked as the frontend asks it: from within its pod.
        using var web = frontend.Sockets.Fetcher();
        var findings = new Findings();
        await new Playback(new Uri($"http://{Frontend}:8000"), new Uri($"http://{Backend}:9000"), Repository.Clips, web, findings).PlayAsync(Cancellation);
        return findings.Failures;
    }

    private async Task<PodProcesses> PodAsync(string deployment, string address, Action<JsonObject>? change = null, string rendering = "base")
    {
        var space = await SpaceAsync();
        var port = space.Name[^8..].TrimStart('-');
        await _rest!.RunAsync($"ip link add name eth0 netns {space.Name} type veth peer name {port} && ip link set {port} master pods up");
        await space.RunAsync($"ip address add {address}/24 dev eth0 && ip link set eth0 up");
        var spec = (await Renderings.OfAsync(rendering)).Pods.Single(pod => pod.Name == deployment).Spec.DeepClone().AsObject();
        change?.Invoke(spec);
        // Names of Services as addresses: the namespaces have no DNS.
        var pod = new PodProcesses(spec, space, IPAddress.Parse(address), text => text
            .Replace("backend:9000", $"{Backend}:9000", StringComparison.Ordinal)
            .Replace("oracle:9100", $"{Rest}:9100", StringComparison.Ordinal)
            .Replace("storage:9080", $"{Rest}:9080", StringComparison.Ordinal));
        _live.Add(pod);
        return pod;
    }

    private async Task<NetworkNamespace> SpaceAsync()
    {
        var space = await NetworkNamespace.CreateAsync();
        _live.Add(space);
        return space;
    }
}
