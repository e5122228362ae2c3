using System.Net;
using Demo.Programs;
using Demo.Scenes;
using Demo.Transparent.Capture;
using Demo.Verification;
using Processes;

namespace Demo.Transparent;

/// <summary>Pods of network namespaces, where iptables brings the connections to the sidecars.</summary>
internal sealed class TransparentScene : IScene
{
    // Far more than the clip takes on all ways; a guard for own videos in the folder.
    private const int MaxCapturedBytes = 256 * 1024 * 1024;

    private static readonly DemoPorts Ports = DemoPorts.Usual;

    private readonly Dictionary<PlannedHost, HttpFetcher> _web;
    private readonly NetworkPlan _plan;
    private readonly IReadOnlyList<InterceptionRules> _rules;
    private readonly bool _storageThroughSidecars;
    private readonly Action<string> _progress;
    private PacketCapture? _capture;

    private TransparentScene(NetworkPlan plan, bool storageThroughSidecars, Action<string> progress)
    {
        (_plan, _storageThroughSidecars, _progress) = (plan, storageThroughSidecars, progress);
        _web = plan.Hosts.ToDictionary(host => host, host => new NamespaceSockets(host.Namespace).Fetcher());
        _rules = Rules(plan, storageThroughSidecars);
        Invitation = $"Open {PodPrograms.Url(plan.Client.V4, Ports.Frontend)} (the service called over IPv4) or {PodPrograms.Url(plan.Client.V6, Ports.Frontend)} (over IPv6) "
            + "in a browser on this machine and play the video. Ctrl-C stops everything.";
    }

    public IReadOnlyList<DemoProgram> Programs { get; private set; } = [];

    public string Invitation { get; }

    public string? ObservedRecords { get; private set; }

    public IReadOnlyList<DemoVerification> Verifications { get; private set; } = [];

    /// <summary>Makes the network, sets the rules, and starts to capture when all is to be verified.</summary>
    /// <exception cref="Chassis.UsageException">It cannot run: not root, a tool is missing, a program is not built.</exception>
    /// <exception cref="ProcessFailedException">A step failed; what was made is removed again.</exception>
    public static async Task<TransparentScene> SetAsync(DemoOptions options, BuiltPrograms built, OracleAudit audit, Action<string> progress, CancellationToken stop)
    {
        Needs.Check(capture: options.Verify);
        foreach (var run in RunRemains.FindLeftBehind())
        {
            progress($"removing what run {run.Creator} left behind: {string.Join(", ", RunRemains.Of(run))}");
            await RunRemains.RemoveAsync(run);
        }

        var plan = NetworkPlan.Choose(RunName.Own, await MachineRoutes.ReadAsync(), Random.Shared);
        var scene = new TransparentScene(plan, options.StorageThroughSidecars, progress);
        try
        {
            await scene.PrepareAsync(options, built, audit, stop);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    public async Task ReportAsync(CancellationToken cancellation)
    {
        _progress("the rules' counters (packets, bytes):");
        foreach (var rules in _rules)
        {
            foreach (var line in await rules.CountersAsync())
                _progress("  " + line);
        }
    }

    /// <exception cref="ProcessFailedException">Something could not be removed.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_capture is not null)
            await _capture.DisposeAsync();
        foreach (var web in _web.Values)
            web.Dispose();
        await RunRemains.RemoveAsync(_plan.Run);
        _progress("All namespaces are removed.");
    }

    private async Task PrepareAsync(DemoOptions options, BuiltPrograms built, OracleAudit audit, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory(_plan.Run.Prefix).FullName;
        await ShortCommand.RunAsync("chmod", "755", folder);
        await PodNetwork.MakeAsync(_plan, joinMachine: !options.Verify, stop);
        foreach (var rules in _rules)
            await rules.ApplyAsync(built.Root);
        _progress($"network  {_plan.V4} and {_plan.V6}: {string.Join(", ", _plan.Hosts.Select(h => $"{h.Name} {h.V4}"))}");

        ObservedRecords = options.Observe ? Path.Combine(folder, "observed.json") : null;
        var copies = new ReadableCopy(folder);
        var policy = options.Policy is null ? null : await copies.OfAsync(options.Policy.FullName);
        Programs = new PodPrograms(await copies.OfAsync(built), _plan, policy, await StorageConfigAsync(folder), options.Records is not null || options.Observe, ObservedRecords, host => _web[host]).All;
        if (!options.Verify)
            return;
        _capture = await PacketCapture.StartAsync(_plan.BridgeNamespace, PodNetwork.Bridge, [Ports.Backend, Ports.Storage], Path.Combine(folder, "bridge.pcap"), stop);
        Verifications = [Verification("IPv4", host => host.V4), Verification("IPv6", host => host.V6)];

        DemoVerification Verification(string name, Func<PlannedHost, IPAddress> address) => new(
            Places(address), built.Clips, _web[_plan.Client], cancel => TappedAsync(address, cancel), audit, line => _progress($"{name}  {line}"))
        { Name = name };
    }

    private async Task<string?> StorageConfigAsync(string folder)
    {
        if (!_storageThroughSidecars)
            return null;
        var path = Path.Combine(folder, "server.yaml");
        await File.WriteAllTextAsync(path, PodPrograms.ConfigFor(_plan));
        await ShortCommand.RunAsync("chmod", "a+r", path);
        return path;
    }

    private static IReadOnlyList<InterceptionRules> Rules(NetworkPlan plan, bool storageThroughSidecars)
    {
        string[] toBackend = ["--inbound-port", $"{PodPrograms.P2Port}", "--inbound-ports", $"{Ports.Backend}"];
        string[] toStorage = ["--outbound-port", $"{PodPrograms.P1Port}", "--outbound-ports", $"{Ports.Storage}"];
        return
        [
            new(plan.Client, "--outbound-port", $"{PodPrograms.P1Port}", "--outbound-ports", $"{Ports.Backend}"),
            new(plan.Server, storageThroughSidecars ? [.. toBackend, .. toStorage] : toBackend),
            .. storageThroughSidecars
                ? [new InterceptionRules(plan.Storage, "--inbound-port", $"{PodPrograms.P2Port}", "--inbound-ports", $"{Ports.Storage}")]
                : Array.Empty<InterceptionRules>(),
        ];
    }

    // All is fetched inside the client's pod: the service as the frontend calls it, the frontend as a browser there would.
    private VerifiedPlaces Places(Func<PlannedHost, IPAddress> address) => new(
        PodPrograms.Url(address(_plan.Client), Ports.Frontend), PodPrograms.Url(address(_plan.Server), Ports.Backend), new Dictionary<string, Uri>
        {
            ["p1"] = PodPrograms.Url(address(_plan.Client), Ports.P1.Metrics, "/metrics"),
            ["p2"] = PodPrograms.Url(address(_plan.Server), Ports.P1.Metrics, "/metrics"),
        });

    private async Task<IReadOnlyList<TappedWay>> TappedAsync(Func<PlannedHost, IPAddress> address, CancellationToken cancellation)
    {
        var frames = await _capture!.ReadAsync(new NamespaceSockets(_plan.Client.Namespace), address(_plan.Server), cancellation);
        var connections = CapturedConnection.Assemble(frames, new TapBudget(MaxCapturedBytes));
        if (connections.FirstOrDefault(c => c.HasGap) is { } broken)
            throw new ProcessFailedException($"the capture lacks bytes of the connection from {broken.Client} to {broken.Server}");
        return
        [
            new("p1 and p2", To(new IPEndPoint(address(_plan.Server), Ports.Backend)), Transformed: true),
            new("server and storage", To(new IPEndPoint(_plan.Storage.V4, Ports.Storage)), _storageThroughSidecars),
        ];

        IReadOnlyList<TapConnection> To(IPEndPoint server) => [.. connections.Where(c => c.Server.Equals(server)).Select(c => c.Bytes)];
    }
}
