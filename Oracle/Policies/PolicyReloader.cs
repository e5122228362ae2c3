using System.Runtime.InteropServices;
using Chassis;
using Chassis.Settings;

namespace Oracle.Policies;

/// <summary>
/// Puts a changed policy file into force (<see cref="FileWatch"/>); SIGHUP does so at once.
/// A broken file is reported, then once a minute as long as it is not in force, and the policy in force stays. Reading and
/// judging have a limit of time, so that no file keeps a later one from being taken.
/// </summary>
internal sealed partial class PolicyReloader(
    PolicySource source, PolicyStore store, TimeProvider time, ILogger<PolicyReloader> logger) : BackgroundService
{
    private static readonly TimeSpan ReminderInterval = TimeSpan.FromMinutes(1);

    private readonly FileWatch _file = new(source.Path, source.ReadText, source.FirstText, time);

    private long _reported;

    /// <summary>Reads a policy's text; the second word is the file's name.</summary>
    internal Func<string, string, Policy> Parse { get; init; } = PolicyFile.Parse;

    /// <inheritdoc cref="FileWatch.Limit"/>
    internal TimeSpan Limit
    {
        get => _file.Limit;
        init => _file.Limit = value;
    }

    /// <summary>Looks once.</summary>
    /// <param name="told">The operator says that the file is complete.</param>
    /// <param name="cancellation">Ends the wait for a file that takes its time.</param>
    internal async Task LookAsync(bool told = false, CancellationToken cancellation = default)
    {
        if (await _file.LookAsync(told, cancellation) is not { } seen)
        {
            Remind();
            return;
        }

        try
        {
            var text = seen.Text ?? throw new UsageException(seen.Error!);
            var policy = await _file.WithinLimitAsync(() => Parse(text, source.Path), cancellation);
            var active = store.Replace(policy);
            Log.Reloaded(logger, source.Path, active.Generation, policy.Summary);
            LogWarnings(logger, source.Path, policy);
        }
        catch (UsageException error)
        {
            NoteFailure();
            Log.ReloadFailed(logger, error.Message, store.Current.Generation);
        }
        catch (TimeoutException)
        {
            NoteFailure();
            Log.ReloadFailed(logger, $"{source.Path} was not understood within {_file.Limit.TotalSeconds:0.###} s", store.Current.Generation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // An error of this program: no text of a file may end the Oracle.
            NoteFailure();
            Log.ReloadBroken(logger, source.Path, store.Current.Generation, error);
        }
    }

    /// <summary>Warns of rules in a newly loaded policy that probably do not do what its author wants.</summary>
    internal static void LogWarnings(ILogger logger, string path, Policy policy)
    {
        foreach (var warning in PolicyWarnings.Of(policy))
            Log.Doubtful(logger, path, warning);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _file.Tell();
        });
        await _file.RunAsync(LookAsync, stoppingToken);
    }

    private void NoteFailure()
    {
        store.NoteFailure();
        _reported = time.GetTimestamp();
    }

    private void Remind()
    {
        if (store.NotInForceSince is not { } since || time.GetElapsedTime(_reported) < ReminderInterval)
            return;
        _reported = time.GetTimestamp();
        Log.StillNotInForce(logger, source.Path, since, store.Current.Generation);
    }

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Information, "Policy {Path} is in force as generation {Generation}: {Summary}")]
        public static partial void Reloaded(ILogger logger, string path, int generation, string summary);

        [LoggerMessage(21, LogLevel.Error, "The changed policy was refused: {Reason}; generation {Generation} stays in force")]
        public static partial void ReloadFailed(ILogger logger, string reason, int generation);

        [LoggerMessage(22, LogLevel.Error, "The changed policy {Path} was refused: an error of this program; generation {Generation} stays in force")]
        public static partial void ReloadBroken(ILogger logger, string path, int generation, Exception error);

        [LoggerMessage(23, LogLevel.Warning, "Policy {Path}: {Warning}")]
        public static partial void Doubtful(ILogger logger, string path, string warning);

        [LoggerMessage(24, LogLevel.Error, "The changed policy {Path} has not been in force since {Since:u}; generation {Generation} is in force")]
        public static partial void StillNotInForce(ILogger logger, string path, DateTimeOffset since, int generation);
    }
}
