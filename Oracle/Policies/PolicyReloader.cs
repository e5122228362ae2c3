using System.Runtime.InteropServices;
using System.Threading.Channels;
using Chassis;

namespace Oracle.Policies;

/// <summary>
/// Looks at the policy file every half second and puts a changed one into force; SIGHUP does so at once.
/// It compares the content: neither the time stamp nor the name changes reliably when a ConfigMap swaps its symlinks.
/// A broken file is reported, then once a minute as long as it is not in force, and the policy in force stays. Reading and
/// judging have a limit of time, so that no file keeps a later one from being taken.
/// </summary>
internal sealed partial class PolicyReloader(
    PolicySource source, PolicyStore store, TimeProvider time, ILogger<PolicyReloader> logger) : BackgroundService
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan ReminderInterval = TimeSpan.FromMinutes(1);

    private readonly Channel<bool> _looks = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Sighting _judged = new(source.FirstText, null);
    private Sighting _previous = new(source.FirstText, null);
    private Task<Sighting>? _seeing;
    private long _reported;
    private int _told;

    /// <summary>Reads a policy's text; the second word is the file's name.</summary>
    internal Func<string, string, Policy> Parse { get; init; } = PolicyFile.Parse;

    /// <summary>The longest that reading the file, and that judging its text, may take. One of 1,000 rules takes less than a second.</summary>
    internal TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Looks once. A change counts when two looks in a row saw the same, so that a file that is still being
    /// written is not taken by its first half.
    /// </summary>
    /// <param name="told">The operator says that the file is complete.</param>
    /// <param name="cancellation">Ends the wait for a file that takes its time.</param>
    internal async Task LookAsync(bool told = false, CancellationToken cancellation = default)
    {
        var seen = await SeeAsync(cancellation);
        var settled = seen == _previous;
        _previous = seen;
        if (!told && (seen == _judged || !settled))
        {
            Remind();
            return;
        }

        _judged = seen;
        try
        {
            var text = seen.Text ?? throw new UsageException(seen.Error!);
            // On a thread of its own: one that never ends must not take the pool's.
            var policy = await Start(() => Parse(text, source.Path)).WaitAsync(Limit, cancellation);
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
            Log.ReloadFailed(logger, $"{source.Path} was not understood within {Limit.TotalSeconds:0.###} s", store.Current.Generation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // An error of this program: no text of a file may end the Oracle.
            NoteFailure();
            Log.ReloadBroken(logger, source.Path, store.Current.Generation, error);
        }
    }

    /// <summary>Says what the author of a policy that was just loaded may not have meant.</summary>
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
            Interlocked.Exchange(ref _told, 1);
            _looks.Writer.TryWrite(true);
        });
        await using var timer = time.CreateTimer(_ => _looks.Writer.TryWrite(true), null, Interval, Interval);
        try
        {
            await foreach (var _ in _looks.Reader.ReadAllAsync(stoppingToken))
                await LookAsync(told: Interlocked.Exchange(ref _told, 0) == 1, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
    }

    // A read that hangs (a pipe, a file system that is gone) is waited for again at the next look: no second one is begun beside it.
    private async Task<Sighting> SeeAsync(CancellationToken cancellation)
    {
        try
        {
            var seen = await (_seeing ??= Start(See)).WaitAsync(Limit, cancellation);
            _seeing = null;
            return seen;
        }
        catch (TimeoutException)
        {
            return new Sighting(null, $"{source.Path} was not read within {Limit.TotalSeconds:0.###} s");
        }
    }

    private Sighting See()
    {
        try
        {
            return new Sighting(source.ReadText(), null);
        }
        catch (UsageException error)
        {
            return new Sighting(null, error.Message);
        }
    }

    private static Task<T> Start<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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

    // What one look saw: the text, or why there is none.
    private readonly record struct Sighting(string? Text, string? Error);

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Information, "Policy {Path} is in force as generation {Generation}: {Summary}")]
        public static partial void Reloaded(ILogger logger, string path, int generation, string summary);

        [LoggerMessage(21, LogLevel.Error, "The changed policy is not taken: {Reason}; generation {Generation} stays in force")]
        public static partial void ReloadFailed(ILogger logger, string reason, int generation);

        [LoggerMessage(22, LogLevel.Error, "The changed policy {Path} is not taken: an error of this program; generation {Generation} stays in force")]
        public static partial void ReloadBroken(ILogger logger, string path, int generation, Exception error);

        [LoggerMessage(23, LogLevel.Warning, "Policy {Path}: {Warning}")]
        public static partial void Doubtful(ILogger logger, string path, string warning);

        [LoggerMessage(24, LogLevel.Error, "Policy {Path} is not in force since {Since:u}; generation {Generation} is")]
        public static partial void StillNotInForce(ILogger logger, string path, DateTimeOffset since, int generation);
    }
}
