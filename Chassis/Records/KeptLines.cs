using Microsoft.Extensions.Logging;

namespace Chassis.Records;

/// <summary>
/// Handles the oldest file of lines before it is deleted. If one sender has more than half of it, the lines of all other senders go
/// to <c>FILE.kept</c>. The old file is renamed to <c>FILE.leaving</c>, and a separate thread reads it while writing goes on.
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

    /// <summary>Continues with the file that an earlier process had put aside when it ended.</summary>
    /// <param name="path">The path of the current file.</param>
    /// <param name="limit">Bytes of lines that are kept.</param>
    /// <param name="senderOf">Finds the sender of a line.</param>
    /// <param name="logger">Gets one line when lines cannot be kept, until they can be kept again.</param>
    public KeptLines(string path, long limit, LineSender senderOf, ILogger logger)
    {
        (_path, _leaving, _logger) = (path + ".kept", path + ".leaving", logger);
        _file = new KeptFile(_path, limit, senderOf);
        _isAside = File.Exists(_leaving);
        TryDo(_file.CleanUp);
        Begin();
    }

    /// <summary>Completes when no file is put aside; never fails.</summary>
    public Task Idle { get; private set; } = Task.CompletedTask;

    /// <summary>Renames a file that would be deleted; only while <see cref="Idle"/> is complete.</summary>
    /// <returns>True if the file was renamed or there was none; if false, the file can be deleted as it is.</returns>
    public bool TryPutAside(string file)
    {
        if (!File.Exists(file))
            return true;
        return _isAside = TryDo(() => File.Move(file, _leaving, overwrite: true));
    }

    /// <summary>Begins with the file that was put aside, if there is one; no process writes to it any more.</summary>
    public void Begin()
    {
        if (!_isAside)
            return;
        _isAside = false;
        // Not a thread of the pool, because it reads a whole file.
        Idle = Task.Factory.StartNew(Keep, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Stops; the next start does the rest.</summary>
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
            // Also if its lines could not be kept: it must not fill the disk.
            if (TryDo(() => File.Delete(_leaving)) && hasKept)
                _isFailing = false;
        }
        catch (OperationCanceledException)
        {
            // No line of it was copied.
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
