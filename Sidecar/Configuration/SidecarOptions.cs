using System.Net;
using Chassis.Net;
using Oracle.Protocol.Expressions;
using Sidecar.Observation;
using Sidecar.Records.Exchanges;
using Sidecar.Transform;
using Sidecar.Transport;

namespace Sidecar.Configuration;

/// <summary>All that a sidecar process is told.</summary>
public sealed record SidecarOptions
{
    /// <summary>The listeners, at least one.</summary>
    public required IReadOnlyList<ListenerOptions> Listeners { get; init; }

    /// <summary>What transforms are written in: the built-in operators, those of filters, and the names of the configuration.</summary>
    public TransformLanguage Language { get; init; } = TransformLanguage.Default;

    /// <summary>What was compiled of <see cref="Language"/>; one for each, as languages may have different filters of one name.</summary>
    internal TransformCache Compiled { get; } = new();

    /// <summary>Where <c>/metrics</c> is served; default port 15090 on all addresses.</summary>
    public required EndpointOptions Metrics { get; init; }

    /// <summary>Where <c>/healthz</c> and <c>/readyz</c> are served; default port 15021 on all addresses.</summary>
    public required EndpointOptions Health { get; init; }

    /// <summary>Where the admin endpoints are served, be it a UNIX socket; null for nowhere; default port 15000 on loopback.</summary>
    public required EndpointOptions? Admin { get; init; }

    /// <summary>How long each step may take.</summary>
    public required TimeoutOptions Timeouts { get; init; }

    /// <summary>How long live connections may go on after SIGTERM or <c>POST /drain</c>; default 5 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections at once as configured; default: as many as the limit of open files allows.</summary>
    public int WantedConnections { get; init; } = int.MaxValue;

    /// <summary>Connections at once, over all listeners, never more than the limit of open files allows; more are refused with <c>limit_reached</c>.</summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>Connections of each listener that may wait to be accepted; default 1024. The kernel cuts it to net.core.somaxconn.</summary>
    public int Backlog { get; init; } = ListenSockets.DefaultBacklog;

    /// <summary>Rounds over all addresses of an upstream, with a growing pause between; default 3.</summary>
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>Who accepts and connects; default epoll on Linux, else sockets.</summary>
    public TransportKind Transport { get; init; } = OperatingSystem.IsLinux() ? TransportKind.Epoll : TransportKind.Sockets;

    /// <summary>Event loops of the epoll transport; default one for each core.</summary>
    public int Loops { get; init; } = Environment.ProcessorCount;

    /// <summary>Options of the relayed TCP connections.</summary>
    public TcpOptions Tcp { get; init; } = new();

    /// <summary>File for connection records, <c>-</c> for stdout, null for none.</summary>
    public string? ConnectionRecords { get; init; } = "-";

    /// <summary>The option or key that named <see cref="ConnectionRecords"/>.</summary>
    public string ConnectionRecordsOrigin { get; init; } = "default";

    /// <summary>What observing one connection may cost.</summary>
    internal ObservationLimits Observation { get; init; } = new();

    /// <summary>Most bytes that the observation of all connections may keep; default 32 MB, or a quarter of the memory that the process may have.</summary>
    public long ObservationMemory { get; init; } = Sidecar.Observation.Memory.ObservationMemory.DefaultLimit;

    /// <summary>Records of HTTP exchanges; null for none, the default.</summary>
    public ExchangeRecordOptions? Records { get; init; }

    /// <summary>Least level of log lines.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}

/// <summary>Who accepts and connects.</summary>
public enum TransportKind
{
    /// <summary>The sidecar's own event loops; Linux only.</summary>
    Epoll,

    /// <summary>Kestrel's socket transport.</summary>
    Sockets,
}

/// <summary>An own endpoint's address and where it was configured.</summary>
/// <param name="Address">Where to listen.</param>
/// <param name="Origin">The option or key that named it; null for a default, whose port may move when it is taken.</param>
public sealed record EndpointOptions(EndPoint Address, string? Origin)
{
    /// <summary>Names that a request may be for, beside those that no web page can have.</summary>
    public IReadOnlyList<DestinationPattern> Hosts { get; init; } = [];
}

/// <summary>Limits of time. Each is a span of silence or of one step, never of a whole connection.</summary>
public sealed record TimeoutOptions
{
    /// <summary>For each message of a handshake (SOCKS, peer, Oracle); default 3 s (wire protocol v1).</summary>
    public TimeSpan Handshake { get; init; } = Oracle.Protocol.WireLine.Wait;

    /// <summary>For the upstream to accept, over all its addresses; default 2 s, so that p2 answers within p1's 3 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Without a byte in either direction; default 1 h (Envoy <c>tcp_proxy.idle_timeout</c>).</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Without a byte while one direction has ended; default 5 min.</summary>
    public TimeSpan HalfClosed { get; init; } = TimeSpan.FromMinutes(5);
}
