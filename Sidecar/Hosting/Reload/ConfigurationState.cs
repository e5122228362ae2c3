using System.Diagnostics.Metrics;
using Sidecar.Telemetry;

namespace Sidecar.Hosting.Reload;

/// <summary>The configuration in force.</summary>
/// <param name="Generation">1 for that of the start, and one more for each new one.</param>
/// <param name="Since">When it was read.</param>
/// <param name="Loaded">Its content.</param>
internal sealed record ConfigurationInForce(int Generation, DateTimeOffset Since, LoadedConfiguration Loaded);

/// <summary>A reload that was refused.</summary>
/// <param name="At">When.</param>
/// <param name="Errors">The errors, a line for each.</param>
internal sealed record RefusedConfiguration(DateTimeOffset At, IReadOnlyList<string> Errors);

/// <summary>The configuration in force, and the results of reloads; any thread reads it.</summary>
internal sealed class ConfigurationState
{
    private readonly TimeProvider _time;
    private volatile ConfigurationInForce _inForce;
    private volatile RefusedConfiguration? _refused;
    private long _succeeded;
    private long _failed;

    public ConfigurationState(LoadedConfiguration first, IMeterFactory factory, TimeProvider time)
    {
        _time = time;
        _inForce = new ConfigurationInForce(1, time.GetUtcNow(), first);
        var meter = factory.Create(SidecarMetrics.MeterName);
        meter.CreateObservableCounter("sidecar.config.reloads", ObserveReloads, null, "Reloads of the configuration, by result.");
        meter.CreateObservableGauge(
            "sidecar.config.last_reload_success_timestamp", () => _inForce.Since.ToUnixTimeMilliseconds() / 1000.0, "s", "When the configuration in force was read.");
    }

    public ConfigurationInForce InForce => _inForce;

    /// <summary>The last reload, if it was refused; null after a successful one.</summary>
    public RefusedConfiguration? Refused => _refused;

    /// <summary>Another configuration is in force.</summary>
    public void Replace(LoadedConfiguration loaded)
    {
        _inForce = new ConfigurationInForce(_inForce.Generation + 1, _time.GetUtcNow(), loaded);
        _refused = null;
        Interlocked.Increment(ref _succeeded);
    }

    /// <summary>The new configuration was refused.</summary>
    public void Refuse(IReadOnlyList<string> errors)
    {
        _refused = new RefusedConfiguration(_time.GetUtcNow(), errors);
        Interlocked.Increment(ref _failed);
    }

    private IEnumerable<Measurement<long>> ObserveReloads() =>
    [
        new(Interlocked.Read(ref _succeeded), new KeyValuePair<string, object?>("result", "success")),
        new(Interlocked.Read(ref _failed), new KeyValuePair<string, object?>("result", "failure")),
    ];
}
