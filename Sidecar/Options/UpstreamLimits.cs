namespace Sidecar.Options;

/// <summary>
/// Limits for each upstream address (IP address and port). The address has one count in the process, whoever connects to it; these limits
/// hold for the connections of one configuration, or of a part of it.
/// </summary>
public sealed record UpstreamLimits
{
    /// <summary>No limit.</summary>
    public static readonly UpstreamLimits None = new();

    /// <summary>
    /// Connections at once to one address, also those in progress; at least 1. Null, the default, for no limit (HAProxy's <c>maxconn</c> of a
    /// server, Envoy's <c>per_host_thresholds</c>).
    /// </summary>
    public int? Connections { get; init; }

    /// <summary>Connects in progress at once to one address, at least 1; null, the default, for no limit.</summary>
    public int? Pending { get; init; }

    /// <summary>Connects to one address in a second, 1 to 100,000, also as a burst; null, the default, for no limit.</summary>
    public int? ConnectRate { get; init; }

    /// <summary>When an address is ejected; null, the default, for never.</summary>
    public OutlierDetection? Outlier { get; init; }
}
