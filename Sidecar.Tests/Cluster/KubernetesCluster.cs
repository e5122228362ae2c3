using System.Net;
using System.Text.Json.Nodes;
using Demo.Transparent;
using Processes;
using Sidecar.Tests.Kubernetes;
using Sidecar.Tests.Pods;
using Testing;

namespace Sidecar.Tests.Cluster;

/// <summary>The cluster that <c>scripts/cluster</c> makes. A keeper process removes it, also when the tests are killed.</summary>
internal sealed class KubernetesCluster : IAsyncDisposable
{
    private const string Up = "up";
    private const string Network = "sidecar-cluster";

    private static readonly TimeSpan UpLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan DownLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(3);
    private static readonly string Script = Path.Combine(Repository.Root, "scripts", "cluster");

    // Makes it, says so, waits until it is told to end or the tests have died, and removes it. It does not touch a cluster that it has not made.
    private const string Keeper = """
        trap 'ended=1' TERM
        "$1" up || exit
        echo up
        until [[ ${ended-} ]]; do
          sleep 1 &
          wait $!
        done
        "$1" down
        """;

    private readonly ManagedProcess _keeper;
    private readonly IReadOnlyList<string> _run = [Script, "run"];

    private KubernetesCluster(ManagedProcess keeper) => _keeper = keeper;

    /// <summary>Sockets at the node, outside of all pods.</summary>
    public NamespaceSockets NodeSockets { get; } = new(Network);

    /// <summary>Why there can be no cluster here; null if there can.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        if (!PodmanHost.IsPossible)
            return "needs root and podman (scripts/prerequisites containers)";
        var installed = await ShortCommand.ResultAsync(new ProcessCommand("programs", Script + "-programs", "--installed"), CommandLimit);
        return installed.ExitCode == 0 ? null : "needs the programs of Kubernetes (scripts/prerequisites cluster)";
    }

    /// <summary>Makes it.</summary>
    public static async Task<KubernetesCluster> CreateAsync()
    {
        var isUp = new TaskCompletionSource();
        var keeper = ManagedProcess.Start(new ProcessCommand("cluster", "setsid", "bash", "-c", Keeper, "keeper", Script).EndingWithParent(), output =>
        {
            if (output is { IsError: false, Line: Up })
                isUp.TrySetResult();
        });
        try
        {
            await keeper.WaitUntilReadyAsync(_ => Task.FromResult(isUp.Task.IsCompleted), UpLimit, CancellationToken.None);
            return new KubernetesCluster(keeper);
        }
        catch
        {
            await keeper.StopAsync(DownLimit);
            throw;
        }
    }

    /// <summary>Brings images of a podman to the node.</summary>
    public static async Task LoadAsync(PodmanHost host, params IEnumerable<string> images) => await host.ScriptAsync("cluster", ["load", .. images]);

    /// <summary>Runs a command in the cluster's network, with its kubectl; fails unless it succeeds.</summary>
    /// <returns>Its stdout.</returns>
    public async Task<string> RunAsync(params IReadOnlyList<string> words) => (await TryAsync(words)).Well(string.Join(' ', words));

    /// <summary>The same; takes any exit code.</summary>
    public Task<ProcessResult> TryAsync(params IReadOnlyList<string> words) => ResultAsync(words, "");

    /// <summary>Runs kubectl; fails unless it succeeds.</summary>
    /// <returns>Its stdout.</returns>
    public Task<string> KubectlAsync(params IReadOnlyList<string> words) => RunAsync(["kubectl", .. words]);

    /// <summary>Applies objects; takes any exit code.</summary>
    public Task<ProcessResult> ApplyAsync(string manifests) => ResultAsync(["kubectl", "apply", "-f", "-"], manifests);

    /// <summary>Has objects admitted without making them; takes any exit code.</summary>
    public Task<ProcessResult> TryOutAsync(string manifests) => ResultAsync(["kubectl", "create", "--dry-run=server", "-f", "-"], manifests);

    /// <summary>Starts a command in the cluster's network that runs on.</summary>
    public ManagedProcess Start(params IEnumerable<string> words) => Start(words, onOutput: null);

    /// <summary>The same; hands over each line of its output.</summary>
    public ManagedProcess Start(IEnumerable<string> words, Action<ProcessOutput>? onOutput) => ManagedProcess.Start(Command(words).EndingWithParent(), onOutput);

    /// <summary>Makes what a folder of kustomize has, changed by an overlay of this text.</summary>
    public async Task<ProcessResult> KustomizeAsync(string overlay)
    {
        using var folder = new TempFolder();
        folder.Write("kustomization.yml", overlay.Replace("$k8s", Path.GetRelativePath(folder.Root, KubernetesTools.Manifests), StringComparison.Ordinal));
        return await TryAsync("kubectl", "apply", "-k", folder.Root);
    }

    /// <summary>The address of a Service.</summary>
    public async Task<IPAddress> ServiceAsync(string space, string name) =>
        IPAddress.Parse(await KubectlAsync("-n", space, "get", "service", name, "-o", "jsonpath={.spec.clusterIP}"));

    /// <summary>The pods of an application that are not being deleted.</summary>
    public async Task<IReadOnlyList<ClusterPod>> PodsAsync(string space, string application)
    {
        var pods = JsonNode.Parse(await KubectlAsync("-n", space, "get", "pods", "-l", $"app.kubernetes.io/name={application}", "-o", "json"));
        return [.. pods.Items("items").Where(pod => pod.Text("metadata.deletionTimestamp") is null).Select(pod => new ClusterPod(pod))];
    }

    /// <summary>The only pod of an application.</summary>
    public async Task<ClusterPod> PodAsync(string space, string application) => (await PodsAsync(space, application)).Single();

    /// <summary>What the cluster's programs have written last.</summary>
    public static string Logs() => string.Join('\n', Directory.GetFiles($"/var/lib/{Network}/log").Order().SelectMany(file => File.ReadLines(file).TakeLast(5).Prepend(file)));

    public async ValueTask DisposeAsync()
    {
        await _keeper.StopAsync(DownLimit);
        await _keeper.DisposeAsync();
    }

    private ProcessCommand Command(IEnumerable<string> words) => new("cluster", [.. _run, .. words]);

    private Task<ProcessResult> ResultAsync(IEnumerable<string> words, string input) => ShortCommand.ResultAsync(Command(words), CommandLimit, input);
}
