using System.Threading.Channels;

namespace Chassis.Settings;

/// <summary>What one look at a file saw: its text, or why there is none.</summary>
public readonly record struct FileSight(string? Text, string? Error);

/// <summary>
/// Sees when a file has changed. The kernel tells of changes in its folder (also when a ConfigMap swaps its symlinks), and a slow
/// look at the content finds what the kernel does not tell of: a link's target, a file system of another machine, a folder that was
/// replaced. Only the content counts, never a time stamp. Reading has a limit of time, so that no file keeps a later one from being seen.
/// </summary>
public sealed class FileWatch
{
    /// <summary>Time from the news of a change to a look, and between the two looks that must see the same.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Time between two looks without news.</summary>
    public static readonly TimeSpan SlowInterval = TimeSpan.FromSeconds(30);

    /// <summary>The same where the kernel refuses to watch the folder; a user has 128 such watches by default, all programs together.</summary>
    public static readonly TimeSpan RefusedInterval = TimeSpan.FromSeconds(2);

    private readonly Channel<bool> _looks = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Func<string> _read;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private FileSight _taken;
    private FileSight _previous;
    private Task<FileSight>? _seeing;
    private bool _hasNews;
    private int _told;

    /// <summary>A watch of a file.</summary>
    /// <param name="path">The file, as errors name it.</param>
    /// <param name="read">Reads its text, or throws a <see cref="UsageException"/>.</param>
    /// <param name="first">The text that is known.</param>
    /// <param name="time">The clock.</param>
    public FileWatch(string path, Func<string> read, string first, TimeProvider time)
    {
        (_path, _read, _time) = (path, read, time);
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

    /// <summary>Calls back for each look that is due and when told to, with whether it was told, until it is cancelled.</summary>
    public async Task RunAsync(Func<bool, CancellationToken, Task> look, CancellationToken cancellation)
    {
        await using var timer = _time.CreateTimer(_ => _looks.Writer.TryWrite(true), null, Interval, Timeout.InfiniteTimeSpan);
        var folder = WatchFolder(timer);
        try
        {
            await foreach (var _ in _looks.Reader.ReadAllAsync(cancellation))
            {
                var (before, wasNews) = (_previous, TakeNews());
                await look(Interlocked.Exchange(ref _told, 0) == 1, cancellation);
                if (!wasNews && _previous != before)
                {
                    // The kernel did not tell: the folder may have been replaced, or a watch may be had now.
                    folder?.Dispose();
                    folder = WatchFolder(timer);
                }

                SetTimer(timer, folder is null ? RefusedInterval : SlowInterval);
            }
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
        finally
        {
            folder?.Dispose();
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

    // Null where the kernel refuses.
    private FileSystemWatcher? WatchFolder(ITimer timer)
    {
        var path = Path.GetFullPath(_path);
        FileSystemWatcher? folder = null;
        try
        {
            folder = new FileSystemWatcher(Path.GetDirectoryName(path) ?? "/")
            {
                // ..data is the link that a ConfigMap's volume swaps.
                Filters = { Path.GetFileName(path), "..data" },
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite,
            };
            folder.Created += (_, _) => NoteNews(timer);
            folder.Changed += (_, _) => NoteNews(timer);
            folder.Deleted += (_, _) => NoteNews(timer);
            folder.Renamed += (_, _) => NoteNews(timer);
            folder.Error += (_, _) => NoteNews(timer);
            folder.EnableRaisingEvents = true;
            return folder;
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            folder?.Dispose();
            return null;
        }
    }

    // The first of several sets the timer: news without end must not put the look off.
    private void NoteNews(ITimer timer)
    {
        lock (_lock)
        {
            if (_hasNews)
                return;
            _hasNews = true;
            timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    private bool TakeNews()
    {
        lock (_lock)
        {
            var news = _hasNews;
            _hasNews = false;
            return news;
        }
    }

    private void SetTimer(ITimer timer, TimeSpan withoutNews)
    {
        lock (_lock)
            timer.Change(_hasNews || _previous != _taken ? Interval : withoutNews, Timeout.InfiniteTimeSpan);
    }

    // A read that hangs (a pipe, a file system that is gone) is waited for again at the next look: no second one is begun beside it.
    private async Task<FileSight> SeeAsync(CancellationToken cancellation)
    {
        try
        {
            // One that hangs takes one thread of the pool and no more.
            var seen = await (_seeing ??= Task.Run(See, CancellationToken.None)).WaitAsync(Limit, cancellation);
            _seeing = null;
            return seen;
        }
        catch (TimeoutException)
        {
            return new FileSight(null, $"{_path} was not read within {Limit.TotalSeconds:0.###} s");
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
