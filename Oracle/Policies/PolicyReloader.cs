using System.Runtime.InteropServices;
using System.Threading.Channels;
using Chassis;

namespace Oracle.Policies;

/// <summary>
/// Looks at the policy file every half second and puts a changed one into force; SIGHUP does so at once.
/// It compares the content: neither the time stamp nor the name changes reliably when a ConfigMap swaps its symlinks.
/// A broken file is reported once and the policy in force stays.
/// </summary>
internal sealed partial class PolicyReloader(
    PolicySource source, PolicyStore store, TimeProvider time, ILogger<PolicyReloader> logger) : BackgroundService
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Channel<bool> _looks = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Sighting _judged = new(source.FirstText, null);
    private Sighting _previous = new(source.FirstText, null);
    private int _told;

    /// <summary>Reads a policy's text; the second word is the file's name.</summary>
    internal Func<string, string, Policy> Parse { get; init; } = PolicyFile.Parse;

    /// <summary>
    /// Looks once. A change counts when two looks in a row saw the same, so that a file that is still being
    /// written is not taken by its first half.
    /// </summary>
    /// <param name="told">The operator says that the file is complete.</param>
    internal void Look(bool told = false)
    {
        var seen = See();
        var settled = seen == _previous;
        _previous = seen;
        if (!told && (seen == _judged || !settled))
            return;
        _judged = seen;
        try
        {
            var policy = Parse(seen.Text ?? throw new UsageException(seen.Error!), source.Path);
            var active = store.Replace(policy);
            Log.Reloaded(logger, source.Path, active.Generation, policy.Summary);
            LogWarnings(logger, source.Path, policy);
        }
        catch (UsageException error)
        {
            store.CountFailure();
            Log.ReloadFailed(logger, error.Message, store.Current.Generation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // An error of this program: no text of a file may end the Oracle.
            store.CountFailure();
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
                Look(told: Interlocked.Exchange(ref _told, 0) == 1);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
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
    }
}
