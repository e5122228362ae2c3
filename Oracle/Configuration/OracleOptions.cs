using System.Net;
using Chassis.Net;

namespace Oracle.Configuration;

/// <summary>Where to listen.</summary>
/// <param name="Address">Address and port.</param>
/// <param name="Origin">The option or key that named it; null for the default, which may move to a free port.</param>
internal readonly record struct ListenOption(IPEndPoint Address, string? Origin);

/// <summary>A file that an option names.</summary>
/// <param name="Path">The file, as the user wrote it.</param>
/// <param name="Origin">The option or key that named it.</param>
internal readonly record struct NamedFile(string Path, string Origin);

/// <summary>Everything that can be configured, read and checked; files and ports are not touched yet.</summary>
internal sealed record OracleOptions
{
    /// <summary>Where questions are answered.</summary>
    public required ListenOption Listen { get; init; }

    /// <summary>Where <c>/metrics</c> is served.</summary>
    public required ListenOption Metrics { get; init; }

    /// <summary>Where <c>/healthz</c> and <c>/readyz</c> are served; by the metrics endpoint when the addresses are equal.</summary>
    public required ListenOption Health { get; init; }

    /// <summary>Names that metrics may be asked for, beside those that no web page can have.</summary>
    public IReadOnlyList<DestinationPattern> MetricsHosts { get; init; } = [];

    /// <summary>The same for health.</summary>
    public IReadOnlyList<DestinationPattern> HealthHosts { get; init; } = [];

    /// <summary>The policy file; null for <c>not</c> for everyone.</summary>
    public NamedFile? Policy { get; init; }

    /// <summary>The audit log: a file, <c>-</c> or <c>off</c>.</summary>
    public required NamedFile AuditLog { get; init; }

    /// <summary>The least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Connections that may be open at once, as configured. Each costs a socket and some 10 KB.</summary>
    public int WantedConnections { get; init; } = 4096;

    /// <summary>Connections that may be open at once, never more than the limit of open files allows; in a full house an idle one goes.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>
    /// Connections remembered for 30 s, of one asker at most as many as are still free; beyond that new ones are denied. The
    /// default is good for some 8,700 new connections a second, 4,300 of one asker alone, and costs at most 250 MB.
    /// </summary>
    public int MaxDecisions { get; init; } = 262_144;
}
