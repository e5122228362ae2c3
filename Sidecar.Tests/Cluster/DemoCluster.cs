using System.Diagnostics;
using System.Net;
using Demo.Verification;
using Sidecar.Tests.EndToEnd.Documentation;
using Sidecar.Tests.Pods;
using Testing;
using Xunit;

namespace Sidecar.Tests.Cluster;

/// <summary>Tests that share the cluster run one after the other, when no other test runs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SharedCluster : ICollectionFixture<DemoCluster>
{
    public const string Name = "the cluster";
}

/// <summary>A Kubernetes cluster with the demo, brought there by the commands that docs/kubernetes.md shows.</summary>
public sealed class DemoCluster(PodImages images) : IAsyncLifetime
{
    public const string Space = "sidecar-demo";
    public const int FrontendPort = 8000;
    public const int BackendPort = 9000;

    /// <summary>The demo for this cluster, in the repository.</summary>
    public const string Overlay = "k8s/overlays/kubernetes-1.20";

    private static readonly string[] Images = ["sidecar", "sidecar-iptables", "oracle", "videoapi"];
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // kubectl costs more than what it asks.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private string? _whyNot;

    /// <summary>How often each container had been started again when the demo was ready.</summary>
    internal IReadOnlyList<int> Restarts { get; private set; } = [];

    internal KubernetesCluster Kubernetes { get; private set; } = null!;

    /// <summary>What happened so far, and how long it took.</summary>
    internal List<string> Progress { get; } = [];

    public async ValueTask InitializeAsync()
    {
        if ((_whyNot = await KubernetesCluster.WhyNotAsync()) is not null)
            return;
        var (host, _) = await images.BuiltAsync();
        await StepAsync("cluster", async () => Kubernetes = await KubernetesCluster.CreateAsync());
        try
        {
            await StepAsync("images", () => KubernetesCluster.LoadAsync(host, [.. Images.Select(PodImages.Image), "localhost/test-base:debian"]));
            await StepAsync("demo", ApplyAsync);
        }
        catch (Exception error)
        {
            var state = (await Kubernetes.TryAsync("kubectl", "get", "pods,events", "-A")).Output;
            await DisposeAsync();
            throw new InvalidOperationException(string.Join('\n', [.. Progress, error.Message, state]), error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Kubernetes is not null)
            await Kubernetes.DisposeAsync();
    }

    /// <summary>Skips the test, with the reason, where there is no cluster.</summary>
    internal void Require() => Assert.SkipWhen(_whyNot is not null, _whyNot ?? "");

    /// <summary>The commands of a document that show how to bring something to a cluster, as this cluster needs them.</summary>
    internal static IReadOnlyList<string> Documented(string document, string beginning) =>
        [.. FencedBlock.All.Single(block => block.Document == document && block.Language == "sh" && block.Lines[0].StartsWith(beginning, StringComparison.Ordinal))
            .Commands.Select(command => command.Text.Replace("k8s/overlays/demo", Overlay, StringComparison.Ordinal))];

    /// <summary>Runs a documented command in the root of the repository.</summary>
    internal Task<string> ShellAsync(string command) => Kubernetes.RunAsync("bash", "-c", $"cd '{Repository.Root}' && {command}");

    /// <summary>Applies the demo and waits until it is ready.</summary>
    internal async Task ApplyAsync()
    {
        foreach (var command in Documented("docs/kubernetes.md", "kubectl apply").Take(2))
            await ShellAsync(command);
        var restarts = await Kubernetes.KubectlAsync("-n", Space, "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}");
        Restarts = [.. restarts.Split(' ').Select(int.Parse)];
    }

    /// <summary>Waits until Services lead to pods: kube-proxy follows what the API server says.</summary>
    internal async Task ServedAsync(string space)
    {
        var (frontend, backend) = (Url(await Kubernetes.ServiceAsync(space, "frontend"), FrontendPort), Url(await Kubernetes.ServiceAsync(space, "backend"), BackendPort, "/api/videos"));
        using var outside = Kubernetes.NodeSockets.Fetcher();
        using var inside = (await Kubernetes.PodAsync(space, "frontend")).Sockets.Fetcher();
        await EventuallyAsync(
            async () => await inside.IsOkAsync(backend, TestContext.Current.CancellationToken) && await outside.IsOkAsync(frontend, TestContext.Current.CancellationToken),
            $"the Services of {space} answer");
    }

    /// <summary>Plays the video through the Services, and compares each file with what the storage has.</summary>
    internal async Task PlayAsync(string space = Space)
    {
        await ServedAsync(space);
        var (frontend, backend) = (Url(await Kubernetes.ServiceAsync(space, "frontend"), FrontendPort), Url(await Kubernetes.ServiceAsync(space, "backend"), BackendPort));
        var inside = (await Kubernetes.PodAsync(space, "frontend")).Sockets;
        // The service is asked as the frontend asks it: from within its pod.
        using var web = new HttpFetcher((context, cancel) => (context.DnsEndPoint.Port == BackendPort ? inside : Kubernetes.NodeSockets).ConnectAsync(context, cancel));
        var findings = new Findings();
        await new Playback(frontend, backend, Repository.Clips, web, findings).PlayAsync(TestContext.Current.CancellationToken);
        Assert.Equal([], findings.Failures);
    }

    /// <summary>Waits for something that the cluster does; the failure shows its pods and events.</summary>
    internal async Task<TimeSpan> EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > Limit)
                Assert.Fail($"never became true: {what}\n{(await Kubernetes.TryAsync("kubectl", "get", "pods,events", "-A")).Output}\n{KubernetesCluster.Logs()}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }

        return clock.Elapsed;
    }

    internal static Uri Url(IPAddress address, int port, string path = "/") => new($"http://{new IPEndPoint(address, port)}{path}");

    private async Task StepAsync(string what, Func<Task> step)
    {
        var clock = Stopwatch.StartNew();
        Progress.Add($"{what} ...");
        await step();
        Progress.Add($"{what}: {clock.Elapsed.TotalSeconds:0.0} s");
    }
}
