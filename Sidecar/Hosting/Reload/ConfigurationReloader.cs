using System.Net.Sockets;
using Chassis;
using Chassis.Settings;
using Sidecar.Hosting.Signals;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>
/// Puts a new configuration into force when its file has changed or SIGHUP comes. A reload takes effect completely or not at all.
/// </summary>
internal abstract partial class ConfigurationReloader<T>(IConfigurationReader<T> source, ConfigurationState state, ILogger logger, FileWatch? watch) : BackgroundService, IReloadable
    where T : ProcessOptions
{
    // One reload at a time, from any caller.
    private readonly SemaphoreSlim _place = new(1);

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
            if (!await TryApplyAsync(loaded, state.InForce.Generation + 1))
                return false;
            state.Replace(loaded);
            Log.Reloaded(logger, source.File?.Value, state.InForce.Generation, Describe(loaded.Options));
            if (loaded.NeedRestart.Count > 0)
                Log.NeedRestart(logger, string.Join(", ", loaded.NeedRestart));
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

    /// <summary>Puts a configuration into force; any exception leaves the old one there.</summary>
    /// <returns>False if the process is ending.</returns>
    protected abstract Task<bool> TryApplyAsync(LoadedConfiguration<T> loaded, int generation);

    /// <summary>What is in force, for the log: "2 listener(s)".</summary>
    protected abstract string Describe(T options);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        watch?.RunAsync(cancellation => ReloadAsync(cancellation), stoppingToken) ?? Task.CompletedTask;

    private bool Refuse(IReadOnlyList<string> errors)
    {
        state.Refuse(errors);
        foreach (var error in errors)
            Log.Refused(logger, error, state.InForce.Generation);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Information, "Configuration {File} is in force as generation {Generation}, with {Content}")]
        public static partial void Reloaded(ILogger logger, string? file, int generation, string content);

        [LoggerMessage(21, LogLevel.Error, "The configuration was refused: {Error}; generation {Generation} stays in force")]
        public static partial void Refused(ILogger logger, string error, int generation);

        [LoggerMessage(22, LogLevel.Error, "The configuration was refused: an error of this program; generation {Generation} stays in force")]
        public static partial void Bug(ILogger logger, Exception bug, int generation);

        [LoggerMessage(23, LogLevel.Warning, "These options have changed and take effect at the next start: {Keys}")]
        public static partial void NeedRestart(ILogger logger, string keys);
    }
}
