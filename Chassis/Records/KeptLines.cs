using Microsoft.Extensions.Logging;

namespace Chassis.Records;

/// <summary>
/// What is done with the oldest file of lines before it is deleted: where one sender has more than half of it, all others' lines go to
/// <c>FILE.kept</c>. It is put aside as <c>FILE.leaving</c> and read by a thread of its own; who writes goes on.
/// </summary>
internal sealed class KeptLines : IAsyncDisposable
{
    private readonly string _path;
    private readonly string _leaving;
    private readonly KeptFile _file;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private bool _isAside;
    private bool _isFailing;

    /// <summary>Goes on with the file that a process left aside when it ended.</summary>
    /// <param name="path">Of the lines' current file.</param>
    /// <param name="limit">Bytes of lines that are kept.</param>
    /// <param name="senderOf">Tells who sent a line.</param>
    /// <param name="logger">Told once that lines cannot be kept, until they can again.</param>
    public KeptLines(string path, long limit, LineSender senderOf, ILogger logger)
    {
        (_path, _leaving, _logger) = (path + ".kept", path + ".leaving", logger);
        _file = new KeptFile(_path, limit, senderOf);
        _isAside = File.Exists(_leaving);
        TryDo(_file.CleanUp);
        Begin();
    }

    /// <summary>Ends when no file is aside; never fails.</summary>
    public Task Idle { get; private set; } = Task.CompletedTask;

    /// <summary>Renames a file that would be deleted; only while <see cref="Idle"/>.</summary>
    /// <returns>Whether there was none or it was renamed; if not, it may be deleted as it is.</returns>
    public bool TryPutAside(string file)
    {
        if (!File.Exists(file))
            return true;
        return _isAside = TryDo(() => File.Move(file, _leaving, overwrite: true));
    }

    /// <summary>Begins with the file that was put aside, if there is one; nobody writes to it any more.</summary>
    public void Begin()
    {
        if (!_isAside)
            return;
        _isAside = false;
        // Not the thread pool's: it reads a whole file.
        Idle = Task.Factory.StartNew(Keep, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Stops; what is not done is left for the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Idle;
        _stop.Dispose();
    }

    private void Keep()
    {
        try
        {
            var hasKept = false;
            TryDo(() => hasKept = _file.TakeFrom(_leaving, _stop.Token));
            // Also where its lines could not be kept: it must not fill the disk.
            if (TryDo(() => File.Delete(_leaving)) && hasKept)
                _isFailing = false;
        }
        catch (OperationCanceledException)
        {
            // Nothing of it was taken over.
        }
    }

    private bool TryDo(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            if (!_isFailing)
                RecordLog.KeepingFailed(_logger, _path, error.Message);
            _isFailing = true;
            return false;
        }
    }
}
