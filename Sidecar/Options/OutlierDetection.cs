namespace Sidecar.Options;

/// <summary>
/// When an upstream address that fails is ejected, and for how long. Names and values are those of Envoy's outlier detection.
/// </summary>
public sealed record OutlierDetection
{
    /// <summary>Failed connects in a row after which an address is ejected, at least 1; default 5 (<c>consecutive_local_origin_failure</c>).</summary>
    public int Failures { get; init; } = 5;

    /// <summary>
    /// Time of the first ejection, 1 ms to 1 h; the second takes twice as long, the third three times. Default 30 s
    /// (<c>base_ejection_time</c>).
    /// </summary>
    public TimeSpan EjectionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest ejection, up to 1 h; default 5 min (<c>max_ejection_time</c>).</summary>
    public TimeSpan MaxEjectionTime { get; init; } = TimeSpan.FromMinutes(5);
}
