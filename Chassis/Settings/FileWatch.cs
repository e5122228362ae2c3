using System.Threading.Channels;

namespace Chassis.Settings;

/// <summary>The result of one look at a file: its text, or the reason why there is none.</summary>
public readonly record struct FileSight(string? Text, string? Error);

/// <summary>
/// Sees when a file has changed. The kernel reports changes in its folder (also when a ConfigMap swaps its symlinks). A slow look at
/// the content finds changes that the kernel does not report: of a link's target, on a file system of another machine, or after the
/// folder was replaced. Only the content counts, never a time stamp. Reading has a time limit, so that a later file is seen too.
/// </summary>
public sealed class FileWatch
{
    /// <summary>Time from the report of a change to a look, and between the two looks that must see the same content.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Time between two looks if no change is reported.</summary>
    public static readonly TimeSpan SlowInterval = TimeSpan.FromSeconds(30);

    /// <summary>The same if the kernel refuses to watch the folder. By default all programs of a user together have 128 watches.</summary>
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
    /// <param name="path">The file, also for errors.</param>
    /// <param name="read">Reads its text, or throws a <see cref="UsageException"/>.</param>
    /// <param name="first">The text that was read before.</param>
    /// <param name="time">The clock.</param>
    public FileWatch(string path, Func<string> read, string first, TimeProvider time)
    {
        (_path, _read, _time) = (path, read, time);
        _taken = _previous = new FileSight(first, null);
    }

    /// <summary>Time limit for reading the file, and for checking its text. A policy of 1,000 rules takes less than a second.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Does work on a thread of its own, so that work without an end takes no thread of the pool.</summary>
    /// <exception cref="TimeoutException">The work takes longer than <see cref="Limit"/>.</exception>
    public Task<T> WithinLimitAsync<T>(Func<T> work, CancellationToken cancellation) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Limit, cancellation);

    /// <summary>
    /// Looks once. A change counts when two looks in a row have seen the same content. So a file that is still being written is not
    /// taken too early.
    /// </summary>
    /// <param name="told">Whether the operator says that the file is complete; then it counts, changed or not.</param>
    /// <param name="cancellation">Ends the wait for a slow file.</param>
    /// <returns>The new content or error to use; null if there is none.</returns>
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

    /// <summary>Makes the watch take the file at once, changed or not. Any thread may call it.</summary>
    public void Tell()
    {
        Interlocked.Exchange(ref _told, 1);
        _looks.Writer.TryWrite(true);
    }

    /// <summary>Calls back for each look that is due, and with true after <see cref="Tell"/>, until it is cancelled.</summary>
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
                    // The kernel did not report the change: the folder may have been replaced, or the kernel may grant a watch now.
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

    /// <summary>Calls back for each change and after <see cref="Tell"/>, until it is cancelled.</summary>
    public Task RunAsync(Func<CancellationToken, Task> changed, CancellationToken cancellation) => RunAsync(
        async (told, cancel) =>
        {
            if (await LookAsync(told, cancel) is not null)
                await changed(cancel);
        },
        cancellation);

    // Null if the kernel refuses.
    private FileSystemWatcher? WatchFolder(ITimer timer)
    {
        var path = Path.GetFullPath(_path);
        FileSystemWatcher? folder = null;
        try
        {
            folder = new FileSystemWatcher(Path.GetDirectoryName(path) ?? "/")
            {
                // A ConfigMap's volume swaps the link ..data.
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

    // Only the first of several reports sets the timer, so that endless reports do not delay the look.
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

    // If a read hangs (a pipe, a lost file system), the next look waits for the same read and does not begin a second one.
    private async Task<FileSight> SeeAsync(CancellationToken cancellation)
    {
        try
        {
            // A read that hangs takes only one thread of the pool.
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
            // No error of a file system ends the watch.
            return new FileSight(null, error.Message);
        }
    }
}
