using System.Diagnostics;
using System.Net;
using Demo.Transparent.Capture;
using Demo.Verification;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Pods;

/// <summary>Tests that share the demo's pods run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedPods : ICollectionFixture<DemoPods>
{
    public const string Name = "the demo's pods";
}

/// <summary>
/// The images, and the demo's pods: storage, Oracle, backend, and three frontends, which call the backend by its name and by its
/// address of either family. First the way through each frontend is verified; then a viewer watches until the end.
/// </summary>
public sealed class DemoPods(PodImages images) : IAsyncLifetime
{
    public const int BackendPort = 9000;
    public const int HealthPort = 15021;

    /// <summary>The memory of each sidecar; half of what the manifests give it.</summary>
    public const int SidecarMegabytes = 32;

    private const int FrontendPort = 8000;
    private const int StoragePort = 9080;
    private const int MetricsPort = 15090;
    private const int OracleProbePort = 9101;
    private const int MaxCapturedBytes = 256 * 1024 * 1024;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);

    // Where each pod answers a readiness probe: of its sidecar, if it has one, for podman starts an application before that is ready.
    private static readonly Dictionary<string, int> ReadyPorts = new()
    {
        ["storage"] = StoragePort + 1,
        ["oracle"] = OracleProbePort,
        ["backend"] = HealthPort,
        ["frontend"] = HealthPort,
    };

    private readonly OracleAudit _audit = new();
    private readonly List<string> _progress = [];
    private readonly List<HttpFetcher> _fetchers = [];
    private ManagedProcess? _oracleLog;
    private bool _isDisposed;

    internal PodmanHost Host { get; private set; } = null!;

    internal RunningPod Frontend { get; private set; } = null!;

    internal RunningPod Backend { get; private set; } = null!;

    internal RunningPod Storage { get; private set; } = null!;

    internal RunningPod Oracle { get; private set; } = null!;

    /// <summary>All containers when all was ready.</summary>
    internal IReadOnlyList<(RunningPod Pod, string Container, RunningContainer State)> Containers { get; private set; } = [];

    /// <summary>Resident bytes of a sidecar that has had no connection yet.</summary>
    internal long AtRest { get; private set; }

    /// <summary>What was found on the way through each frontend.</summary>
    internal IReadOnlyList<VerificationResult> Verifications { get; private set; } = [];

    internal Viewer Viewer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!PodmanHost.IsPossible)
            return;
        try
        {
            await StepAsync("images", async () =>
            {
                (Host, var output) = await images.BuiltAsync();
                return output;
            });
            await StepAsync("pods", PlayAsync);
            await StepAsync("verification", VerifyAsync);
            var web = Fetcher(Frontend);
            Viewer = new Viewer(Url(Frontend.V4, FrontendPort), Url(Backend.V4, BackendPort), web);
        }
        catch (Exception error)
        {
            await DisposeAsync();
            throw new InvalidOperationException(string.Join('\n', [.. _progress, error.Message]), error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (Viewer is not null)
            await Viewer.DisposeAsync();
        if (_oracleLog is not null)
            await _oracleLog.DisposeAsync();
        _fetchers.ForEach(fetcher => fetcher.Dispose());
        // The host lives on for other tests.
        if (Host is not null)
            await Host.PodmanAsync("pod", "rm", "--all", "--force", "--time", "0");
    }

    /// <summary>The pod of one of the demo's Deployments, with less memory for its sidecar, once it is ready.</summary>
    internal async Task<RunningPod> PlayAsync(string deployment, string? name = null, Func<string, string>? change = null)
    {
        name ??= deployment;
        var manifests = (deployment == "oracle" ? PodManifests.Policy() : "") + PodManifests.Pod(deployment, name, $"{SidecarMegabytes}Mi", change);
        // Each Oracle with a policy of its own.
        await Host.PlayAsync(manifests.Replace("oracle-policy", $"{name}-policy", StringComparison.Ordinal));
        var pod = await Host.PodAsync(name);
        await ReadyAsync(pod.V4, ReadyPorts[deployment], "/readyz");
        return pod;
    }

    /// <summary>Waits until an address answers 200 to callers outside.</summary>
    internal async Task ReadyAsync(IPAddress address, int port, string path)
    {
        using var web = Host.OutsideSockets.Fetcher();
        var url = Url(address, port, path);
        var clock = Stopwatch.StartNew();
        while (!await web.IsOkAsync(url, CancellationToken.None))
        {
            if (clock.Elapsed > ReadyLimit)
                throw new TimeoutException($"{url} does not answer 200");
            await Task.Delay(20);
        }
    }

    internal static Uri Url(IPAddress address, int port, string path = "/") => new($"http://{new IPEndPoint(address, port)}{path}");

    /// <summary>A client that fetches pages from outside, and asks the service as the frontend does: from within its pod.</summary>
    private HttpFetcher Fetcher(RunningPod frontend)
    {
        var fetcher = new HttpFetcher((context, cancel) => (context.DnsEndPoint.Port == BackendPort ? frontend.Sockets : Host.OutsideSockets).ConnectAsync(context, cancel));
        _fetchers.Add(fetcher);
        return fetcher;
    }

    private async Task<string> PlayAsync()
    {
        Storage = await PlayAsync("storage");
        Oracle = await PlayAsync("oracle");
        _oracleLog = Host.Start(_audit.Take, "logs", "--follow", "oracle-oracle");
        Backend = await PlayAsync("backend");
        Frontend = await PlayAsync("frontend");
        AtRest = await SettledAsync(await Frontend.ContainerAsync("sidecar"));
        return "";
    }

    // A program is at rest when two looks agree: it gives pages of its start back a second after it.
    private static async Task<long> SettledAsync(RunningContainer container)
    {
        var (before, now) = (long.MaxValue, container.Resident);
        for (var looks = 0; looks < 10 && Math.Abs(now - before) > now / 50; looks++)
        {
            await Task.Delay(TimeSpan.FromSeconds(2));
            (before, now) = (now, container.Resident);
        }

        return now;
    }

    private async Task<string> VerifyAsync()
    {
        var bridge = await Host.PodmanAsync("network", "inspect", PodmanHost.Network, "--format", "{{.NetworkInterface}}");
        await using var capture = await PacketCapture.StartAsync(Host.Outside, bridge, [BackendPort, StoragePort], Host.Write("bridge.pcap", ""), CancellationToken.None);
        var four = await PlayAsync("frontend", "frontend4", Calling(Backend.V4));
        var six = await PlayAsync("frontend", "frontend6", Calling(Backend.V6));
        var results = new List<VerificationResult>();
        foreach (var (pod, own, backend) in new[] { (Frontend, Frontend.V4, Backend.V4), (four, four.V4, Backend.V4), (six, six.V6, Backend.V6) })
        {
            await ReadyAsync(own, FrontendPort, "/healthz");
            var places = new VerifiedPlaces(Url(own, FrontendPort), Url(backend, BackendPort), new Dictionary<string, Uri>
            {
                ["p1"] = Url(own, MetricsPort, "/metrics"),
                ["p2"] = Url(backend, MetricsPort, "/metrics"),
            });
            var verification = new DemoVerification(places, Repository.Clips, Fetcher(pod), cancel => TappedAsync(capture, cancel), _audit, _progress.Add) { Name = pod.Name };
            results.Add(await verification.RunAsync(CancellationToken.None));
        }

        Verifications = results;
        Containers = await AllContainersAsync(four, six);
        return "";
    }

    private async Task<IReadOnlyList<(RunningPod, string, RunningContainer)>> AllContainersAsync(RunningPod four, RunningPod six)
    {
        var all = new List<(RunningPod, string, RunningContainer)>();
        foreach (var (pod, application) in new[] { (Storage, "storage"), (Oracle, "oracle"), (Backend, "backend"), (Frontend, "frontend"), (four, "frontend"), (six, "frontend") })
        {
            all.Add((pod, application, await pod.ContainerAsync(application)));
            if (application is "frontend" or "backend")
                all.Add((pod, "sidecar", await pod.ContainerAsync("sidecar")));
        }

        return all;
    }

    private static Func<string, string> Calling(IPAddress backend) => text => text.Replace("http://backend:9000", $"http://{new IPEndPoint(backend, BackendPort)}", StringComparison.Ordinal);

    private async Task<IReadOnlyList<TappedWay>> TappedAsync(PacketCapture capture, CancellationToken cancellation)
    {
        var frames = await capture.ReadAsync(Frontend.Sockets, Backend.V4, cancellation);
        var connections = CapturedConnection.Assemble(frames, new TapBudget(MaxCapturedBytes));
        return
        [
            new("p1 and p2", To(Backend, BackendPort), Transformed: true),
            new("server and storage", To(Storage, StoragePort), Transformed: false),
        ];

        IReadOnlyList<TapConnection> To(RunningPod pod, int port) =>
            [.. connections.Where(c => c.Server.Port == port && (c.Server.Address.Equals(pod.V4) || c.Server.Address.Equals(pod.V6))).Select(c => c.Bytes)];
    }

    private async Task<string> StepAsync(string what, Func<Task<string>> step)
    {
        var clock = Stopwatch.StartNew();
        _progress.Add($"{what} ...");
        var result = await step();
        _progress.Add($"{what}: {clock.Elapsed.TotalSeconds:0.0} s");
        return result;
    }

    /// <summary>What happened so far, and how long it took.</summary>
    internal string Progress => string.Join('\n', _progress);
}
