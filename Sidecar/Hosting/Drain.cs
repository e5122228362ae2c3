using System.Diagnostics.Metrics;
using Chassis.Settings;
using Oracle.Protocol;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Hosting.Signals;
using Sidecar.Listeners;
using Sidecar.Options;
using Sidecar.Records;
using Sidecar.Telemetry;

namespace Sidecar.Hosting;

/// <summary>
/// The orderly end of the process. Readiness fails at once. The listeners for clients from outside accept for the drain delay and then close.
/// Outbound listeners accept until the application is gone: until no connection has lived for the drain delay. When the drain time, which
/// begins after the delay, is over, all close and the remaining connections are reset. The own endpoints answer all the time and stop
/// afterwards.
/// </summary>
internal sealed partial class Drain : IStoppable
{
    // For reset connections to finish. A stage that still waits for something else (an Oracle, a connect) ends with the process.
    private static readonly TimeSpan WindUp = TimeSpan.FromMilliseconds(500);

    private readonly CurrentOptions _options;
    private readonly ConnectionRegistry _registry;
    private readonly ConnectionReporter _reporter;
    private readonly ListenerTable _listeners;
    private readonly OraclePools _oracles;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<Task> _drained;

    public Drain(
        CurrentOptions options, ConnectionRegistry registry, ConnectionReporter reporter, ListenerTable listeners,
        OraclePools oracles, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Drain> logger, IMeterFactory meters)
    {
        (_options, _registry, _reporter, _listeners) = (options, registry, reporter, listeners);
        (_oracles, _lifetime, _time, _logger) = (oracles, lifetime, time, logger);
        _drained = new Lazy<Task>(() => Task.Run(DrainAsync));
        meters.Create(SidecarMetrics.MeterName).CreateObservableGauge(
            "sidecar.draining", () => Begun.IsCompleted ? 1 : 0, null, "Whether the process is ending: 1 from SIGTERM or POST /drain on.");
    }

    /// <summary>Completes when the process has to end.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Starts the end of the process; another call changes nothing.</summary>
    public void Begin()
    {
        if (!_begun.TrySetResult())
            return;
        // Readiness fails from now on.
        _lifetime.StopApplication();
        _listeners.BeginEnd();
        var options = _options.Value;
        Log.Stopping(_logger, Values.Display(options.DrainDelay), _registry.Count, Values.Display(options.Drain));
        _ = _drained.Value;
    }

    /// <summary>Ends the drain time at once.</summary>
    public void Hurry() => _hurried.TrySetResult();

    /// <summary>Begins, unless it has begun, and completes when no connection is left.</summary>
    public Task RunAsync()
    {
        Begin();
        return _drained.Value;
    }

    private async Task DrainAsync()
    {
        using var over = new CancellationTokenSource();
        var options = _options.Value;
        var limit = Task.Delay(options.DrainDelay + options.Drain, _time, over.Token);
        await await Task.WhenAny(EmptyAsync(options.DrainDelay, over.Token), limit, _hurried.Task);
        await over.CancelAsync();
        await EndAllAsync(_hurried.Task.IsCompleted ? "a second signal ended the drain" : "the drain time is over");
    }

    private async Task EmptyAsync(TimeSpan delay, CancellationToken over)
    {
        await Task.WhenAll(StopInboundAsync(delay, over), ApplicationGoneAsync(delay, over));
        await StopAllAsync();
        // This may be the thread of an event loop, which cannot wait for its own end.
        await Task.Yield();
        await _registry.WhenEmpty();
    }

    // Kubernetes tells clients that the pod is not ready some time after the signal; until then they come.
    private async Task StopInboundAsync(TimeSpan delay, CancellationToken over)
    {
        await Task.Delay(delay, _time, over);
        await _listeners.StopAsync(listener => listener.Role != SidecarRole.Outbound);
    }

    // Nothing tells a sidecar that the application has ended. But an application that lives has connections, or opens one now and then.
    private async Task ApplicationGoneAsync(TimeSpan silence, CancellationToken over)
    {
        if (!_listeners.Current.Any(listener => listener.Current.Options.Role == SidecarRole.Outbound))
            return;
        long opened;
        do
        {
            await _registry.WhenEmpty();
            opened = _registry.Opened;
            await Task.Delay(silence, _time, over);
        }
        while (_registry.Opened != opened || _registry.Count > 0);
    }

    private async Task StopAllAsync()
    {
        await _listeners.StopAsync();
        // A connection with a pending question is closed after the answer.
        await _oracles.CloseAsync();
    }

    private async Task EndAllAsync(string detail)
    {
        // Some may still accept.
        _ = StopAllAsync();
        _registry.RefuseAll(RelayEndReason.Draining, detail);
        var left = _registry.Live();
        if (left.Count == 0)
            return;
        Log.EndingAll(_logger, left.Count, detail);
        foreach (var report in left)
            report.Abort(RelayEndReason.Draining, detail);
        await Task.WhenAny(_registry.WhenEmpty(), Task.Delay(WindUp, _time));
        foreach (var report in _registry.Live())
            await _reporter.EndedAsync(report);
    }

    private static partial class Log
    {
        [LoggerMessage(13, LogLevel.Information, "Stopping; listeners that are not outbound close in {Delay}; then connections, {Count} now, have {Drain} to end")]
        public static partial void Stopping(ILogger logger, string delay, int count, string drain);

        [LoggerMessage(14, LogLevel.Warning, "Resetting {Count} connections: {Detail}")]
        public static partial void EndingAll(ILogger logger, int count, string detail);
    }
}
