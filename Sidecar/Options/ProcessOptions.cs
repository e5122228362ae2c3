using System.Net;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>The options of every process that observes HTTP: its own endpoints, what it records, and how much memory it may use for that.</summary>
public abstract record ProcessOptions
{
    /// <summary>The address of <c>/metrics</c>; default port 15090 on all addresses.</summary>
    public EndpointOptions Metrics { get; init; } = EndpointOptions.Default(ListenAddress.Any, 15090);

    /// <summary>Where metrics are sent, beside <c>/metrics</c>; default null for nowhere.</summary>
    public MetricsExportOptions? MetricsExport { get; init; }

    /// <summary>The address of <c>/healthz</c> and <c>/readyz</c>; default port 15021 on all addresses.</summary>
    public EndpointOptions Health { get; init; } = EndpointOptions.Default(ListenAddress.Any, 15021);

    /// <summary>The address of the admin endpoints, possibly a UNIX socket; null for none; default port 15000 on loopback.</summary>
    public EndpointOptions? Admin { get; init; } = EndpointOptions.Default(IPAddress.Loopback, 15000);

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
