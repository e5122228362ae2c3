using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Demo.Transparent;
using Demo.Verification;
using Processes;
using Sidecar.Tests.Kubernetes;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Cluster;

/// <summary>The demo on a real cluster. It takes minutes, so it is run when it is asked for. Each test leaves the demo ready.</summary>
[Collection(SharedCluster.Name)]
[SystemTest]
public sealed class DemoClusterTests
{
    private static readonly string[] Deployments = ["frontend", "backend", "storage", "oracle"];

    private readonly DemoCluster _demo;

    public DemoClusterTests(DemoCluster demo)
    {
        demo.Require();
        _demo = demo;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private KubernetesCluster Cluster => _demo.Kubernetes;

    [Fact(Explicit = true)]
    public async Task Deployments_AreReadyWithoutRestart_AndTheVideoPlays()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', _demo.Progress));
        foreach (var name in Deployments)
        {
            var pod = await Cluster.PodAsync(DemoCluster.Space, name);
            Assert.True(pod.IsReady, name);
            Assert.Equal(name is "frontend" or "backend" ? ["sidecar", name] : [name], pod.Containers);
        }

        Assert.All(_demo.Restarts, restarts => Assert.Equal(0, restarts));
        await _demo.PlayAsync();
    }

    [Fact(Explicit = true)]
    public async Task DocumentedLook_ShowsTheTransformOfAConnection()
    {
        await _demo.PlayAsync();
        // Ends the frontend's pooled connections, so that there is a record.
        await Cluster.KubectlAsync("-n", DemoCluster.Space, "rollout", "restart", "deployment/backend");
        await RolledOutAsync("backend");
        var look = DemoCluster.Documented("docs/kubernetes.md", "kubectl -n sidecar-demo logs");

        // Lines of the log come between the records.
        await _demo.EventuallyAsync(
            async () => await _demo.ShellAsync(look[0]) is ['{', ..] line && (string?)JsonNode.Parse(line)!["transform"] == "(xor 42)", look[0]);

        await using var forward = Cluster.Start("bash", "-c", look[1]);
        using var web = Cluster.NodeSockets.Fetcher();
        var metrics = new Uri("http://127.0.0.1:15090/metrics");
        await forward.WaitUntilReadyAsync(cancel => web.IsOkAsync(metrics, cancel), TimeSpan.FromSeconds(30), Cancellation);
        Assert.Contains("sidecar_connections", (await web.GetAsync(metrics, new Findings(), Cancellation))!.Text, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task DocumentedPortForward_ShowsTheFrontend()
    {
        await using var forward = Cluster.Start("bash", "-c", DemoCluster.Documented("docs/kubernetes.md", "kubectl apply")[2]);
        using var web = Cluster.NodeSockets.Fetcher();
        var page = new Uri("http://127.0.0.1:8000/");
        await forward.WaitUntilReadyAsync(cancel => web.IsOkAsync(page, cancel), TimeSpan.FromSeconds(30), Cancellation);
        Assert.Contains("/video/", (await web.GetAsync(page, new Findings(), Cancellation))!.Text, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Backend_CannotBeReachedAroundItsSidecar()
    {
        // By the Service, and by the pod's address from another pod without a sidecar.
        var storage = await Cluster.PodAsync(DemoCluster.Space, "storage");
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(Cluster.NodeSockets, await Cluster.ServiceAsync(DemoCluster.Space, "storage"), 9080, "/catalog.json"), StringComparison.Ordinal);
        Assert.Equal("", await AskAsync(Cluster.NodeSockets, await Cluster.ServiceAsync(DemoCluster.Space, "backend"), DemoCluster.BackendPort, "/api/videos"));
        Assert.Equal("", await AskAsync(storage.Sockets, (await Cluster.PodAsync(DemoCluster.Space, "backend")).Address, DemoCluster.BackendPort, "/api/videos"));
    }

    [Fact(Explicit = true)]
    public async Task KilledSidecar_ComesBack()
    {
        foreach (var application in new[] { "backend", "frontend" })
        {
            var before = await Cluster.PodAsync(DemoCluster.Space, application);
            Signals.Send(before.Process("sidecar"), ProcessSignal.Kill);
            var took = await _demo.EventuallyAsync(
                async () => await Cluster.PodAsync(DemoCluster.Space, application) is { IsReady: true } now && now.Restarts("sidecar") == before.Restarts("sidecar") + 1,
                $"the killed sidecar of {application} is ready again");
            TestContext.Current.TestOutputHelper?.WriteLine($"{application}: ready again after {took.TotalSeconds:0.0} s");
            var after = await Cluster.PodAsync(DemoCluster.Space, application);
            Assert.Equal((before.Name, before.Restarts(application)), (after.Name, after.Restarts(application)));
            await _demo.PlayAsync();
        }
    }

    [Fact(Explicit = true)]
    public async Task StoppedApplication_IsNotReady_UntilItAnswersAgain()
    {
        // The kubelet asks the sidecar, which asks the application: the port of the application always takes connections.
        var backend = await Cluster.PodAsync(DemoCluster.Space, "backend");
        var process = backend.Process("backend");
        Signals.Send(process, ProcessSignal.Stop);
        try
        {
            await _demo.EventuallyAsync(async () => !(await Cluster.PodAsync(DemoCluster.Space, "backend")).IsContainerReady("backend"), "a stopped application is not ready");
        }
        finally
        {
            Signals.Send(process, ProcessSignal.Continue);
        }

        await _demo.EventuallyAsync(async () => (await Cluster.PodAsync(DemoCluster.Space, "backend")).IsReady, "the application is ready again");
        var events = await Cluster.KubectlAsync("-n", DemoCluster.Space, "get", "events", "--field-selector", $"involvedObject.name={backend.Name},reason=Unhealthy", "-o", "jsonpath={.items[*].message}");
        Assert.Contains("Readiness probe failed", events, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task RollingUpdate_LosesNoRequest()
    {
        var old = await Cluster.PodAsync(DemoCluster.Space, "backend");
        var processes = ProcessesOf(old);
        var frontend = await Cluster.PodAsync(DemoCluster.Space, "frontend");
        var inside = frontend.Sockets;
        var service = await Cluster.ServiceAsync(DemoCluster.Space, "backend");
        // What the sidecars know of a connection, if one fails.
        var records = new ConcurrentQueue<string>();
        await using var frontendLog = Follow(frontend, records);
        await using var oldLog = Follow(old, records);
        await _demo.ServedAsync(DemoCluster.Space);
        var expected = await AskAsync(inside, service, DemoCluster.BackendPort, "/api/videos");
        Assert.StartsWith("HTTP/1.1 200", expected, StringComparison.Ordinal);
        var body = expected[expected.IndexOf("\r\n\r\n", StringComparison.Ordinal)..];

        using var stop = new CancellationTokenSource();
        var failures = new ConcurrentQueue<string>();
        var asked = 0;
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                // A connection of its own for each request.
                var answer = await AskAsync(inside, service, DemoCluster.BackendPort, "/api/videos");
                Interlocked.Increment(ref asked);
                if (!answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) || !answer.EndsWith(body, StringComparison.Ordinal))
                    failures.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} '{answer}'");
                await Task.Delay(10);
            }
        })).ToList();

        await Cluster.KubectlAsync("-n", DemoCluster.Space, "rollout", "restart", "deployment/backend");
        await RolledOutAsync("backend");
        await EndedAsync(processes);
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} requests");
        var young = await Cluster.PodAsync(DemoCluster.Space, "backend");
        if (!failures.IsEmpty)
            Assert.Fail(string.Join('\n', [.. failures, .. records, .. (await Cluster.KubectlAsync("-n", DemoCluster.Space, "logs", young.Name, "-c", "sidecar")).Split('\n').Where(SidecarLog.IsUnusual)]));
        Assert.NotEqual(old.Name, young.Name);
        Assert.True(asked > 100, $"{asked} requests");
    }

    [Fact(Explicit = true)]
    public async Task Scale_ToZeroAndBack()
    {
        var page = DemoCluster.Url(await Cluster.ServiceAsync(DemoCluster.Space, "frontend"), DemoCluster.FrontendPort);
        using var web = Cluster.NodeSockets.Fetcher();
        var processes = ProcessesOf(await Cluster.PodAsync(DemoCluster.Space, "backend"));
        await ScaleAsync(0);
        await EndedAsync(processes);

        var clock = Stopwatch.StartNew();
        Assert.False(await web.IsOkAsync(page, Cancellation));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(9), $"the frontend's answer took {clock.Elapsed}");

        await ScaleAsync(1);
        await RolledOutAsync("backend");
        await _demo.PlayAsync();
    }

    [Fact(Explicit = true)]
    public async Task Delete_EndsTheApplicationsFirst_InTime()
    {
        const string space = "leaving";
        using var folder = new TempFolder();
        folder.Write("kustomization.yml", $"""
            namespace: {space}
            resources: [{Path.GetRelativePath(folder.Root, Path.Combine(Repository.Root, DemoCluster.Overlay))}]
            """);
        await Cluster.KubectlAsync("apply", "-k", folder.Root);
        await Cluster.KubectlAsync(["-n", space, "rollout", "status", .. Deployments.Select(name => $"deployment/{name}")]);
        var processes = new Dictionary<string, int>();
        var grace = 0;
        foreach (var application in new[] { "backend", "frontend" })
        {
            var pod = await Cluster.PodAsync(space, application);
            processes[application] = pod.Process(application);
            processes[$"sidecar of {application}"] = pod.Process("sidecar");
            grace = pod.Grace;
        }

        var clock = Stopwatch.StartNew();
        // What else is in the namespace takes the cluster longer.
        await Cluster.KubectlAsync("delete", "-k", folder.Root, "--wait=false");
        var deleting = clock.Elapsed.TotalSeconds;
        var ends = await Task.WhenAll(processes.Values.Select(async process =>
        {
            await _demo.EventuallyAsync(() => Task.FromResult(!Directory.Exists($"/proc/{process}")), "all processes end");
            return clock.Elapsed.TotalSeconds;
        }));

        var ended = processes.Keys.Zip(ends).ToDictionary(pair => pair.First, pair => pair.Second);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', ended.Select(pair => $"{pair.Key}: {pair.Value:0.0} s")));
        foreach (var application in new[] { "backend", "frontend" })
        {
            // It serves for 10 s; the sidecar still relays what is under way then. At the end of the grace period the kubelet would kill.
            Assert.InRange(ended[application], 10, deleting + grace);
            Assert.InRange(ended[$"sidecar of {application}"], ended[application], deleting + grace);
        }
    }

    [Fact(Explicit = true)]
    public async Task Records_HaveTheNamesOfBothPods()
    {
        const string space = "names";
        using var folder = new TempFolder();
        string Relative(params string[] path) => Path.GetRelativePath(folder.Root, Path.Combine([Repository.Root, "k8s", .. path]));
        folder.Write("kustomization.yml", $$$"""
            namespace: {{{space}}}
            resources: [{{{Relative("base")}}}]
            components: [{{{Relative("components", "kubernetes-names")}}}, {{{Relative("components", "classic-sidecar")}}}]
            patches:
              - target: {kind: Deployment, name: backend}
                patch: |
                  - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: SIDECAR__RECORDS__PATH, value: "-"}}
            """);
        await Cluster.KubectlAsync("apply", "-k", folder.Root);
        try
        {
            await Cluster.KubectlAsync(["-n", space, "rollout", "status", .. Deployments.Select(name => $"deployment/{name}")]);
            var (frontend, backend) = (await Cluster.PodAsync(space, "frontend"), await Cluster.PodAsync(space, "backend"));
            JsonNode? record = null;
            await _demo.EventuallyAsync(
                async () =>
                {
                    // Until the sidecar knows all names.
                    await AskAsync(frontend.Sockets, await Cluster.ServiceAsync(space, "backend"), DemoCluster.BackendPort, "/api/videos");
                    var lines = (await Cluster.KubectlAsync("-n", space, "logs", "deployment/backend", "-c", "sidecar")).Split('\n').Where(line => line.StartsWith("{\"protoMessage\"", StringComparison.Ordinal));
                    record = lines.Select(line => JsonNode.Parse(line)).LastOrDefault();
                    return record.At("clientService") is not null && record.At("serverService") is not null;
                },
                "a record has the names of both ends");

            Assert.Equal((frontend.Name, space), (record.Text("client.name"), record.Text("client.namespace")));
            Assert.Equal((backend.Name, space, record.Text("client.nodeName")), (record.Text("server.name"), record.Text("server.namespace"), record.Text("server.nodeName")));
            Assert.Equal(("frontend", "backend"), (record.Text("clientService.name"), record.Text("serverService.name")));
            Assert.Contains("app.kubernetes.io/name=frontend", record.Words("client.labels"));
            Assert.Contains("app.kubernetes.io/name=backend", record.Words("server.labels"));
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "-k", folder.Root, "--wait=false");
        }
    }

    private ManagedProcess Follow(ClusterPod pod, ConcurrentQueue<string> lines) =>
        Cluster.Start(["kubectl", "-n", DemoCluster.Space, "logs", "-f", pod.Name, "-c", "sidecar"], output =>
        {
            if (SidecarLog.IsUnusual(output.Line))
                lines.Enqueue($"{pod.Name}: {output.Line}");
        });

    private static IReadOnlyList<int> ProcessesOf(ClusterPod pod) => [.. pod.Containers.Select(pod.Process)];

    // The kubelet forgets a pod much later, when it has unmounted its volumes.
    private async Task EndedAsync(IReadOnlyList<int> processes) =>
        await _demo.EventuallyAsync(() => Task.FromResult(!processes.Any(process => Directory.Exists($"/proc/{process}"))), "all processes of the pod end");

    private async Task ScaleAsync(int replicas) => await Cluster.KubectlAsync("-n", DemoCluster.Space, "scale", "deployment/backend", $"--replicas={replicas}");

    private async Task RolledOutAsync(string deployment) => await Cluster.KubectlAsync("-n", DemoCluster.Space, "rollout", "status", $"deployment/{deployment}", "--timeout=120s");

    /// <summary>The whole answer on a connection of its own; what came before the end if it was cut.</summary>
    private static async Task<string> AskAsync(NamespaceSockets from, IPAddress address, int port, string path)
    {
        try
        {
            using var client = await from.CreateAsync(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(address, port);
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: backend\r\nConnection: close\r\n\r\n");
            return await client.ReadUntilClosedAsync();
        }
        catch (Exception error) when (error is SocketException or TimeoutException or ProcessFailedException)
        {
            return error is SocketException { SocketErrorCode: var code } ? code.ToString() : error.Message;
        }
    }
}
