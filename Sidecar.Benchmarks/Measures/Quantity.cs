namespace Sidecar.Benchmarks.Measures;

/// <summary>Something that is measured.</summary>
/// <param name="Name">The key in JSON.</param>
/// <param name="Title">What the table calls it.</param>
/// <param name="Unit">As printed behind the title.</param>
/// <param name="Decimals">Shown behind the point.</param>
/// <param name="MoreIsBetter">A rate, not a cost.</param>
internal sealed record Quantity(string Name, string Title, string Unit, int Decimals, bool MoreIsBetter = false)
{
    public static readonly Quantity CpuPerRequest = new("cpu_us_per_request", "CPU per keep-alive request", "µs", 2);
    public static readonly Quantity RequestRate = new("requests_per_second", "requests", "/s", 0, MoreIsBetter: true);
    public static readonly Quantity P50 = new("p50_ms", "p50 at 64 connections", "ms", 3);
    public static readonly Quantity P99 = new("p99_ms", "p99 at 64 connections", "ms", 3);
    public static readonly Quantity CpuPerConnection = new("cpu_us_per_connection", "CPU per connection", "µs", 1);
    public static readonly Quantity ConnectionRate = new("connections_per_second", "connections", "/s", 0, MoreIsBetter: true);
    public static readonly Quantity CpuPerGbUp = new("cpu_s_per_gb_up", "CPU per GB to the upstream", "s", 3);
    public static readonly Quantity RateUp = new("gbit_per_second_up", "bulk to the upstream", "Gb/s", 1, MoreIsBetter: true);
    public static readonly Quantity CpuPerGbDown = new("cpu_s_per_gb_down", "CPU per GB from the upstream", "s", 3);
    public static readonly Quantity RateDown = new("gbit_per_second_down", "bulk from the upstream", "Gb/s", 1, MoreIsBetter: true);
    public static readonly Quantity RawCpuPerGbUp = new("raw_cpu_s_per_gb_up", "CPU per GB to the upstream, raw", "s", 3);
    public static readonly Quantity RawRateUp = new("raw_gbit_per_second_up", "bulk to the upstream, raw", "Gb/s", 1, MoreIsBetter: true);
    public static readonly Quantity RawCpuPerGbDown = new("raw_cpu_s_per_gb_down", "CPU per GB from the upstream, raw", "s", 3);
    public static readonly Quantity RawRateDown = new("raw_gbit_per_second_down", "bulk from the upstream, raw", "Gb/s", 1, MoreIsBetter: true);
    public static readonly Quantity CpuPerGbBodies = new("cpu_s_per_gb_bodies", "CPU per GB in HTTP bodies", "s", 3);
    public static readonly Quantity RateBodies = new("gbit_per_second_bodies", "HTTP bodies", "Gb/s", 1, MoreIsBetter: true);
    public static readonly Quantity FirstAnswer = new("ms_to_first_answer", "from start to first answer", "ms", 0);
    public static readonly Quantity AtRest = new("resident_mb_at_rest", "resident at rest", "MB", 1);
    public static readonly Quantity Idle1000 = new("kb_per_idle_connection_1000", "per idle connection, 1,000", "KB", 2);
    public static readonly Quantity Idle4000 = new("kb_per_idle_connection_4000", "per idle connection, 4,000", "KB", 2);
    public static readonly Quantity AfterLoad = new("resident_mb_after_load", "resident after the load", "MB", 1);

    /// <summary>In the order of the table.</summary>
    public static IReadOnlyList<Quantity> All { get; } =
    [
        CpuPerRequest, RequestRate, P50, P99, CpuPerConnection, ConnectionRate, CpuPerGbUp, RateUp, CpuPerGbDown, RateDown,
        RawCpuPerGbUp, RawRateUp, RawCpuPerGbDown, RawRateDown, CpuPerGbBodies, RateBodies, FirstAnswer, AtRest, Idle1000, Idle4000, AfterLoad,
    ];
}
