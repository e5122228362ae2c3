using Chassis.Settings;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Hosting.Signals;
using Sidecar.Listeners;
using Sidecar.Options;
using Sidecar.Records;

namespace Sidecar.Hosting;

/// <summary>
/// The orderly end of the process: readiness fails, the listeners close, and live connections have the drain time to end. Then
/// the remaining ones are reset. The own endpoints answer all the time and stop afterwards.
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
        OraclePools oracles, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Drain> logger)
    {
        (_options, _registry, _reporter, _listeners) = (options, registry, reporter, listeners);
        (_oracles, _lifetime, _time, _logger) = (oracles, lifetime, time, logger);
        _drained = new Lazy<Task>(() => Task.Run(DrainAsync));
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
        Log.Stopping(_logger, _registry.Count, Values.Display(_options.Value.Drain));
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
        var limit = Task.Delay(_options.Value.Drain, _time, over.Token);
        await await Task.WhenAny(EmptyAsync(), limit, _hurried.Task);
        await over.CancelAsync();
        await EndAllAsync(_hurried.Task.IsCompleted ? "a second signal ended the drain" : "the drain time is over");
    }

    private async Task EmptyAsync()
    {
        await _listeners.StopAsync();
        // A connection with a pending question is closed after the answer.
        await _oracles.CloseAsync();
        // This may be the thread of an event loop, which cannot wait for its own end.
        await Task.Yield();
        await _registry.WhenEmpty();
    }

    private async Task EndAllAsync(string detail)
    {
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
        [LoggerMessage(13, LogLevel.Information, "Stopping; {Count} live connections have {Drain}")]
        public static partial void Stopping(ILogger logger, int count, string drain);

        [LoggerMessage(14, LogLevel.Warning, "Resetting {Count} connections: {Detail}")]
        public static partial void EndingAll(ILogger logger, int count, string detail);
    }
}
