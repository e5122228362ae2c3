namespace Sidecar.Options;

/// <summary>A collector of OpenTelemetry that gets all metrics.</summary>
public sealed record MetricsExportOptions
{
    /// <summary>The collector, without the path of the metrics.</summary>
    public required Uri Url { get; init; }

    /// <summary>The protocol, in protobuf; default OTLP/HTTP.</summary>
    public OtlpProtocol Protocol { get; init; }

    /// <summary>Time between two requests, 1 s to 1 h; default 1 min (<c>OTEL_METRIC_EXPORT_INTERVAL</c> of OpenTelemetry's SDKs).</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The attribute <c>service.name</c>; null for the environment's.</summary>
    public string? Service { get; init; }

    /// <summary>A bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The authorities to trust; null for the system's.</summary>
    public string? CaFile { get; init; }
}
