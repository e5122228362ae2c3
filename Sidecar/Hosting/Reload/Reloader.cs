using System.Net.Sockets;
using Chassis;
using Chassis.Net;
using Chassis.Settings;
using Sidecar.Authorization;
using Sidecar.Listeners;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>The configuration of the start, with the sockets of its listeners.</summary>
internal sealed record StartingPoint(LoadedConfiguration Loaded, IReadOnlyList<PlannedListener> Listeners, ListenSockets Sockets);

/// <summary>
/// Puts the configuration into force: first that of the start, then a new one when its file has changed or SIGHUP comes. A reload takes
/// effect completely or not at all: it is read, checked and bound before anything changes. Live connections keep their configuration.
/// </summary>
internal sealed partial class Reloader(
    StartingPoint start, IConfigurationReader source, ConfigurationState state, CurrentOptions current, ListenerTable listeners,
    Pipelines pipelines, OracleReach oracle, ILogger<Reloader> logger, FileWatch? watch = null) : BackgroundService
{
    // One reload at a time, from any caller.
    private readonly SemaphoreSlim _place = new(1);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ApplyAsync(start.Loaded, start.Listeners, start.Sockets, generation: 1);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Reads the file again, even if it has not changed. Without a file it does nothing.</summary>
    public void Tell() => watch?.Tell();

    /// <summary>Reads the configuration and puts it into force, unless it is wrong.</summary>
    /// <returns>Whether it is in force.</returns>
    public async Task<bool> ReloadAsync(CancellationToken cancellation = default)
    {
        if (watch is null)
            return false;
        await _place.WaitAsync(cancellation);
        try
        {
            var loaded = await watch.WithinLimitAsync(source.Read, cancellation);
            using var sockets = new ListenSockets { Avoided = BoundAddresses.TargetPorts(loaded.Options) };
            var planned = ListenerPlan.Make(listeners.Current, loaded.Options.Listeners, sockets, loaded.Options.Backlog);
            if (await ApplyAsync(loaded, planned, sockets, state.InForce.Generation + 1) is not { } added)
                return false;
            state.Replace(loaded);
            listeners.Describe(added);
            Log.Reloaded(logger, source.File?.Value, state.InForce.Generation, loaded.Options.Listeners.Count);
            if (loaded.NeedRestart.Count > 0)
                Log.NeedRestart(logger, string.Join(", ", loaded.NeedRestart));
            LimitCheck.Warn(logger, loaded.Options);
            return true;
        }
        catch (UsageException error)
        {
            return Refuse(error.Lines);
        }
        catch (SocketException error)
        {
            return Refuse([error.Message]);
        }
        catch (TimeoutException)
        {
            return Refuse([$"{source.File?.Value} was not read within {watch.Limit.TotalSeconds:0.###} s"]);
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // No text of a file may end the process.
            state.Refuse([bug.Message]);
            Log.Bug(logger, bug, state.InForce.Generation);
            return false;
        }
        finally
        {
            _place.Release();
        }
    }

    /// <summary>Stops watching, and waits for the last connections of the listeners, which the drain has ended.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await listeners.WhenIdleAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        watch?.RunAsync(cancellation => ReloadAsync(cancellation), stoppingToken) ?? Task.CompletedTask;

    // Null if the process is ending.
    private async Task<IReadOnlyList<Listener>?> ApplyAsync(LoadedConfiguration loaded, IReadOnlyList<PlannedListener> planned, ListenSockets sockets, int generation)
    {
        var added = await listeners.ReplaceAsync(planned, sockets, generation, pipelines.Of(loaded.Options));
        if (added is null)
            return null;
        current.Value = loaded.Options;
        oracle.Watch(loaded.Options.Listeners);
        return added;
    }

    private bool Refuse(IReadOnlyList<string> errors)
    {
        state.Refuse(errors);
        foreach (var error in errors)
            Log.Refused(logger, error, state.InForce.Generation);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Information, "Configuration {File} is in force as generation {Generation}, with {Count} listener(s)")]
        public static partial void Reloaded(ILogger logger, string? file, int generation, int count);

        [LoggerMessage(21, LogLevel.Error, "The configuration was refused: {Error}; generation {Generation} stays in force")]
        public static partial void Refused(ILogger logger, string error, int generation);

        [LoggerMessage(22, LogLevel.Error, "The configuration was refused: an error of this program; generation {Generation} stays in force")]
        public static partial void Bug(ILogger logger, Exception bug, int generation);

        [LoggerMessage(23, LogLevel.Warning, "These options have changed and take effect at the next start: {Keys}")]
        public static partial void NeedRestart(ILogger logger, string keys);
    }
}
