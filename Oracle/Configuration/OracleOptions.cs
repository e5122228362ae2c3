using System.Net;
using Chassis.Net;

namespace Oracle.Configuration;

/// <summary>An address to listen on.</summary>
/// <param name="Address">Address and port.</param>
/// <param name="Origin">The option or key that named it; null for the default, which can move to a free port.</param>
internal readonly record struct ListenOption(IPEndPoint Address, string? Origin);

/// <summary>A file that an option names.</summary>
/// <param name="Path">The file, as the user wrote it.</param>
/// <param name="Origin">The option or key that named it.</param>
internal readonly record struct NamedFile(string Path, string Origin);

/// <summary>All settings, read and checked; files and ports are not opened yet.</summary>
internal sealed record OracleOptions
{
    /// <summary>The address for questions.</summary>
    public required ListenOption Listen { get; init; }

    /// <summary>The address of <c>/metrics</c>.</summary>
    public required ListenOption Metrics { get; init; }

    /// <summary>The address of <c>/healthz</c> and <c>/readyz</c>; the metrics endpoint serves them when the addresses are equal.</summary>
    public required ListenOption Health { get; init; }

    /// <summary>Host names that requests for metrics can have, in addition to those that no web page can have.</summary>
    public IReadOnlyList<DestinationPattern> MetricsHosts { get; init; } = [];

    /// <summary>The same for health.</summary>
    public IReadOnlyList<DestinationPattern> HealthHosts { get; init; } = [];

    /// <summary>The policy file; if null, every connection gets <c>not</c>.</summary>
    public NamedFile? Policy { get; init; }

    /// <summary>The audit log: a file, <c>-</c> or <c>off</c>.</summary>
    public required NamedFile AuditLog { get; init; }

    /// <summary>The least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Most open connections, as configured. Each costs a socket and some 10 KB.</summary>
    public int WantedConnections { get; init; } = 4096;

    /// <summary>
    /// Most open connections, never more than the limit of open files allows. When all are in use, an idle one gives way.
    /// </summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>
    /// Connections that are remembered for 30 s. One asker can use as many as are still free; above that its new connections are denied.
    /// The default allows some 8,700 new connections a second, 4,300 of one asker alone, and costs at most 250 MB.
    /// </summary>
    public int MaxDecisions { get; init; } = 262_144;
}
