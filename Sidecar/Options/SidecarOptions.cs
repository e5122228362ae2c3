using ByteFilters;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>All options of a sidecar process, with those of <see cref="ProcessOptions"/>. Each default stands here, or in the options of a part, and nowhere else.</summary>
public sealed record SidecarOptions : ProcessOptions
{
    /// <summary>The listeners, at least one.</summary>
    public required IReadOnlyList<ListenerOptions> Listeners { get; init; }

    /// <summary>The language of transforms: the built-in operators, those of filters, and the names of the configuration.</summary>
    public TransformLanguage Language { get; init; } = TransformLanguage.Default;

    /// <summary>Probes of the application that the health endpoint performs, by name; default none.</summary>
    internal IReadOnlyDictionary<string, ProbeTarget> Probes { get; init; } = new Dictionary<string, ProbeTarget>();

    /// <summary>Time limits of each step.</summary>
    public TimeoutOptions Timeouts { get; init; } = new();

    /// <summary>Time that live connections have after SIGTERM or <c>POST /drain</c> and <see cref="DrainDelay"/>; default 5 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Time after SIGTERM or <c>POST /drain</c> in which listeners go on accepting, because clients do not know yet that this process ends;
    /// default 0. Outbound listeners accept until no connection has lived for this time.
    /// </summary>
    public TimeSpan DrainDelay { get; init; }

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

    /// <summary>Limits for each upstream address; default none.</summary>
    public UpstreamLimits Upstream { get; init; } = UpstreamLimits.None;

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
}
