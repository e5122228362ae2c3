using System.Net;
using ByteFilters;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>All options of a sidecar process. Each default stands here, or in the options of a part, and nowhere else.</summary>
public sealed record SidecarOptions
{
    /// <summary>The listeners, at least one.</summary>
    public required IReadOnlyList<ListenerOptions> Listeners { get; init; }

    /// <summary>The language of transforms: the built-in operators, those of filters, and the names of the configuration.</summary>
    public TransformLanguage Language { get; init; } = TransformLanguage.Default;

    /// <summary>The address of <c>/metrics</c>; default port 15090 on all addresses.</summary>
    public EndpointOptions Metrics { get; init; } = EndpointOptions.Default(ListenAddress.Any, 15090);

    /// <summary>Where metrics are sent, beside <c>/metrics</c>; default null for nowhere.</summary>
    public MetricsExportOptions? MetricsExport { get; init; }

    /// <summary>The address of <c>/healthz</c> and <c>/readyz</c>; default port 15021 on all addresses.</summary>
    public EndpointOptions Health { get; init; } = EndpointOptions.Default(ListenAddress.Any, 15021);

    /// <summary>Probes of the application that the health endpoint performs, by name; default none.</summary>
    internal IReadOnlyDictionary<string, ProbeTarget> Probes { get; init; } = new Dictionary<string, ProbeTarget>();

    /// <summary>The address of the admin endpoints, possibly a UNIX socket; null for none; default port 15000 on loopback.</summary>
    public EndpointOptions? Admin { get; init; } = EndpointOptions.Default(IPAddress.Loopback, 15000);

    /// <summary>Time limits of each step.</summary>
    public TimeoutOptions Timeouts { get; init; } = new();

    /// <summary>Time that live connections have after SIGTERM or <c>POST /drain</c>; default 5 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections at once, as configured; default: as many as the limit of open files allows.</summary>
    public int WantedConnections { get; init; } = int.MaxValue;

    /// <summary>Connections at once, over all listeners, never more than the limit of open files allows; more are refused with <c>limit_reached</c>.</summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>
    /// Connections of each listener that can wait to be accepted; default 1024. The kernel limits it to net.core.somaxconn.
    /// </summary>
    public int Backlog { get; init; } = ListenSockets.DefaultBacklog;

    /// <summary>Rounds over all addresses of an upstream, with a growing pause between; default 3.</summary>
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>
    /// Time between the starts of two attempts on an upstream's addresses, 10 ms to 1 min; default 250 ms (RFC 8305, section 8).
    /// </summary>
    public TimeSpan AttemptDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The transport that accepts and connects; default epoll on Linux, otherwise sockets.</summary>
    public TransportKind Transport { get; init; } = OperatingSystem.IsLinux() ? TransportKind.Epoll : TransportKind.Sockets;

    /// <summary>Event loops of the epoll transport; default one for each core.</summary>
    public int Loops { get; init; } = Environment.ProcessorCount;

    /// <summary>Options of the relayed TCP connections.</summary>
    public TcpOptions Tcp { get; init; } = new();

    /// <summary>File for connection records, <c>-</c> for stdout, null for none.</summary>
    public string? ConnectionRecords { get; init; } = "-";

    /// <summary>The option or key that named <see cref="ConnectionRecords"/>.</summary>
    public string ConnectionRecordsOrigin { get; init; } = "default";

    /// <summary>Limits for the cost of observing one connection.</summary>
    internal ObservationLimits Observation { get; init; } = new();

    /// <summary>Most bytes that the observation of all connections can keep; default 32 MB, or a quarter of the process's memory.</summary>
    public long ObservationMemory { get; init; } = ObservationLimits.DefaultMemoryHere;

    /// <summary>Records of HTTP exchanges, each entry separate; default none.</summary>
    public IReadOnlyList<ExchangeRecordOptions> Records { get; init; } = [];

    /// <summary>Names that Kubernetes gives to the ends of connections, for records.</summary>
    public KubernetesOptions Kubernetes { get; init; } = new();

    /// <summary>Lowest level of log lines.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}
