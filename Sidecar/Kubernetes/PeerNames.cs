using System.Diagnostics.Metrics;
using System.Net;
using Chassis.Net;
using Oracle.Protocol;
using Sidecar.Options;
using Sidecar.Telemetry;

namespace Sidecar.Kubernetes;

/// <summary>
/// The names of both ends of connections: the own pod by the downward API, and peers from the API server, if they are asked for. A
/// question never waits for the API server; what is not known has no name.
/// </summary>
internal sealed class PeerNames : BackgroundService
{
    private readonly OwnPod _own;
    private readonly ApiServer? _server;
    private readonly ResourceWatch[] _watches = [];

    /// <exception cref="Chassis.UsageException">A file that it needs cannot be read.</exception>
    public PeerNames(KubernetesOptions options, IMeterFactory meters, TimeProvider time, ILogger<PeerNames> logger)
    {
        var (labels, most) = (new LabelChoice(options.Labels), options.MaxEntries);
        _own = OwnPod.Read(options, labels);
        if (options.Names != PeerNaming.On)
            return;
        var server = _server = new ApiServer(options);
        var scope = options.AllNamespaces ? "" : $"namespaces/{options.Namespace}/";
        _watches =
        [
            new("pods", [$"api/v1/{scope}pods"], () => new PodIndex(most, labels), server, time, logger),
            new("services", [$"api/v1/{scope}services"], () => new ServiceIndex(most, labels), server, time, logger),
            // v1 since Kubernetes 1.21.
            new("endpointslices", [.. from version in (string[])["v1", "v1beta1"] select $"apis/discovery.k8s.io/{version}/{scope}endpointslices"], () => new EndpointIndex(most), server, time, logger),
        ];
        Export(meters.Create(SidecarMetrics.MeterName));
    }

    /// <summary>Whether all peers are known that can be.</summary>
    public bool IsSynced => _watches.All(watch => watch.IsSynced);

    /// <summary>The own pod; null if it is not known.</summary>
    public NamedPod? Own => _own.Name;

    private PodIndex? Pods => IndexOf<PodIndex>(0);

    private ServiceIndex? Services => IndexOf<ServiceIndex>(1);

    private EndpointIndex? Endpoints => IndexOf<EndpointIndex>(2);

    /// <summary>
    /// Asks for the names of a connection's ends when it begins, and again at each call: a new pod may become known a moment after its first
    /// connection, and a known one may be gone before its last.
    /// </summary>
    /// <param name="role">The role of the listener, which tells which end is in the own pod.</param>
    /// <param name="client">The client.</param>
    /// <param name="server">The server.</param>
    /// <param name="accepted">When the connection was accepted: a pod that was created later has none of its ends.</param>
    public Func<ConnectionNames> Begin(SidecarRole role, IPEndPoint client, IPEndPoint server, DateTimeOffset accepted)
    {
        var first = Find(role, client, server, accepted);
        return () => Find(role, client, server, accepted).Or(first);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _server?.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_watches.Select(watch => watch.RunAsync(stoppingToken)));

    private ConnectionNames Find(SidecarRole role, IPEndPoint client, IPEndPoint server, DateTimeOffset accepted)
    {
        var (from, to) = (NetworkAddress.Canonical(client.Address), NetworkAddress.Canonical(server.Address));
        var isServerOwn = role != SidecarRole.Outbound && _own.Has(to);
        var isClientOwn = role != SidecarRole.Inbound && !isServerOwn && _own.Has(from);
        return new ConnectionNames(_own.Name, NamesOf(from, port: null, isClientOwn, accepted), NamesOf(to, server.Port, isServerOwn, accepted));
    }

    private EndNames NamesOf(IPAddress address, int? port, bool isOwn, DateTimeOffset accepted)
    {
        var pod = (isOwn ? _own.Name : null) ?? Pods?.Find(address, accepted);
        return new EndNames(pod, ServiceOf(pod, port) ?? Services?.Find(address, accepted));
    }

    private NamedService? ServiceOf(NamedPod? pod, int? port) =>
        pod is { Namespace: { } space } && Endpoints?.FindService(space, pod.Name, port) is { } service ? Services?.Find(space, service) ?? new NamedService(service, space, []) : null;

    private T? IndexOf<T>(int watch)
        where T : class, IResourceIndex => watch < _watches.Length && _watches[watch].IsSynced ? (T?)_watches[watch].Index : null;

    private void Export(Meter meter)
    {
        meter.CreateObservableGauge("sidecar.kubernetes.synced", () => Each(watch => watch.IsSynced ? 1 : 0), null, "1 if names of these objects are up to date, or were within the last 10 minutes.");
        meter.CreateObservableGauge("sidecar.kubernetes.last_success.timestamp", () => Each(watch => (watch.LastSuccess ?? default).ToUnixTimeMilliseconds() / 1000.0).Where(measured => measured.Value > 0), "s", "When the API server last answered well, in seconds since 1970.");
        meter.CreateObservableCounter("sidecar.kubernetes.watch.errors", () => Each(watch => watch.Errors), null, "Lists and watches of the API server that failed.");
        meter.CreateObservableUpDownCounter("sidecar.kubernetes.entries", () => Each(watch => watch.Index?.Count ?? 0), null, "Pods, services and endpoints that are known.");
        meter.CreateObservableCounter("sidecar.kubernetes.left_out", () => Each(watch => watch.LeftOut), null, "Objects, and changes of them, that were left out because there were too many.");
    }

    private IEnumerable<Measurement<T>> Each<T>(Func<ResourceWatch, T> value)
        where T : struct => _watches.Select(watch => new Measurement<T>(value(watch), new KeyValuePair<string, object?>("resource", watch.Resource)));
}
