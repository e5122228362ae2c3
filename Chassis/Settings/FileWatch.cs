using System.Threading.Channels;

namespace Chassis.Settings;

/// <summary>What one look at a file saw: its text, or why there is none.</summary>
public readonly record struct FileSight(string? Text, string? Error);

/// <summary>
/// Sees when a file has changed. It compares the content, every half second: neither the time stamp nor the name changes reliably
/// when a ConfigMap swaps its symlinks, and not every file system tells of changes. Reading has a limit of time, so that no file
/// keeps a later one from being seen.
/// </summary>
public sealed class FileWatch
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Channel<bool> _looks = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Func<string> _read;
    private readonly string _name;
    private readonly TimeProvider _time;
    private FileSight _taken;
    private FileSight _previous;
    private Task<FileSight>? _seeing;
    private int _told;

    /// <summary>A watch of a file.</summary>
    /// <param name="read">Reads its text, or throws a <see cref="UsageException"/>.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="first">The text that is known.</param>
    /// <param name="time">The clock.</param>
    public FileWatch(Func<string> read, string name, string first, TimeProvider time)
    {
        (_read, _name, _time) = (read, name, time);
        _taken = _previous = new FileSight(first, null);
    }

    /// <summary>The longest that reading the file, and that judging its text, may take. A policy of 1,000 rules takes less than a second.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Does work on a thread of its own: one that never ends must not take the pool's.</summary>
    /// <exception cref="TimeoutException">It takes longer than <see cref="Limit"/>.</exception>
    public Task<T> WithinLimitAsync<T>(Func<T> work, CancellationToken cancellation) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Limit, cancellation);

    /// <summary>
    /// Looks once. A change counts when two looks in a row saw the same, so that a file that is still being written is not taken by
    /// its first half.
    /// </summary>
    /// <param name="told">The operator says that the file is complete: it counts, changed or not.</param>
    /// <param name="cancellation">Ends the wait for a file that takes its time.</param>
    /// <returns>What is to be taken; null where nothing is.</returns>
    public async Task<FileSight?> LookAsync(bool told, CancellationToken cancellation)
    {
        var seen = await SeeAsync(cancellation);
        var settled = seen == _previous;
        _previous = seen;
        if (!told && (seen == _taken || !settled))
            return null;
        _taken = seen;
        return seen;
    }

    /// <summary>Has the file taken at once, changed or not. Any thread may call it.</summary>
    public void Tell()
    {
        Interlocked.Exchange(ref _told, 1);
        _looks.Writer.TryWrite(true);
    }

    /// <summary>Calls back at each interval and when told to, with whether it was told, until it is cancelled.</summary>
    public async Task RunAsync(Func<bool, CancellationToken, Task> look, CancellationToken cancellation)
    {
        await using var timer = _time.CreateTimer(_ => _looks.Writer.TryWrite(true), null, Interval, Interval);
        try
        {
            await foreach (var _ in _looks.Reader.ReadAllAsync(cancellation))
                await look(Interlocked.Exchange(ref _told, 0) == 1, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
    }

    /// <summary>Calls back for each change, and when told to, until it is cancelled.</summary>
    public Task RunAsync(Func<CancellationToken, Task> changed, CancellationToken cancellation) => RunAsync(
        async (told, cancel) =>
        {
            if (await LookAsync(told, cancel) is not null)
                await changed(cancel);
        },
        cancellation);

    // A read that hangs (a pipe, a file system that is gone) is waited for again at the next look: no second one is begun beside it.
    private async Task<FileSight> SeeAsync(CancellationToken cancellation)
    {
        try
        {
            // On the pool: two looks a second are too many for a thread each, and one that hangs takes one thread and no more.
            var seen = await (_seeing ??= Task.Run(See, CancellationToken.None)).WaitAsync(Limit, cancellation);
            _seeing = null;
            return seen;
        }
        catch (TimeoutException)
        {
            return new FileSight(null, $"{_name} was not read within {Limit.TotalSeconds:0.###} s");
        }
    }

    private FileSight See()
    {
        try
        {
            return new FileSight(_read(), null);
        }
        catch (Exception error)
        {
            // Whatever a file system does, it does not end the watch.
            return new FileSight(null, error.Message);
        }
    }
}
