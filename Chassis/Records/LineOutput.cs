using Microsoft.Extensions.Logging;

namespace Chassis.Records;

/// <summary>
/// Writes lines to a file, which can be rotated and reopened, or to stdout. It takes only whole lines and leaves no part of a line
/// behind. A failure is counted and logged once, and again when writing works again; it is never thrown.
/// </summary>
public sealed class LineOutput : ILineOutput
{
    // The kernel splits a write of more than PIPE_BUF bytes to a pipe (pipe(7)), so all writers of stdout take turns.
    private static readonly SemaphoreSlim StandardOutputTurn = new(1, 1);
    private static readonly byte[] LineFeed = "\n"u8.ToArray();

    // Between attempts to rotate, so that a folder that takes no new file is logged only now and then, and costs nothing.
    private static readonly TimeSpan RotationPause = TimeSpan.FromMinutes(1);

    // For the file that was put aside the last time. Meanwhile lines wait in a bounded queue, which a second does not fill.
    private static readonly TimeSpan KeepingLimit = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly LineRotation? _rotation;
    private readonly KeptLines? _kept;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn;
    private Stream _stream;
    private DateTimeOffset _born;
    private bool _hasOpenLine;
    private DateTimeOffset _nextRotation;
    private bool _isFailing;
    private bool _isClosed;
    private long _sent;
    private long _lost;
    private long _lastSuccess;

    /// <summary>Writes lines to a stream, without rotation and reopening.</summary>
    public LineOutput(Stream stream, ILogger logger)
        : this("-", stream, null, TimeProvider.System, new SemaphoreSlim(1, 1), logger)
    {
    }

    private LineOutput(string path, Stream stream, LineRotation? rotation, TimeProvider time, SemaphoreSlim turn, ILogger logger)
    {
        (_path, _stream, _rotation, _time, _turn, _logger) = (path, stream, rotation, time, turn, logger);
        _born = time.GetUtcNow();
        if (rotation is { Size: { } size, SenderOf: { } senderOf })
            _kept = new KeptLines(path, size, senderOf, logger);
    }

    /// <summary>Opens a file to append to, or <c>-</c>, which is stdout.</summary>
    /// <param name="path">The file, or <c>-</c>.</param>
    /// <param name="origin">The option or key that named it.</param>
    /// <param name="rotation">When a new file replaces the file; null for never.</param>
    /// <param name="time">The process's clock.</param>
    /// <param name="logger">Gets a line when writing starts to fail, and one when it works again.</param>
    /// <exception cref="UsageException">The file cannot be opened.</exception>
    public static LineOutput Open(string path, string origin, LineRotation? rotation, TimeProvider time, ILogger logger)
    {
        try
        {
            if (path == "-")
                return new LineOutput("stdout", StandardOutput.Open(), null, time, StandardOutputTurn, logger);
            var full = Path.GetFullPath(path);
            var output = new LineOutput(full, OpenFile(full), IsPlain(full) ? rotation : null, time, new SemaphoreSlim(1, 1), logger) { IsFile = true };
            output.LookAtEnd();
            return output;
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw CannotOpen(path, origin, error.Message, error);
        }
    }

    /// <summary>The error for a file that cannot be opened.</summary>
    internal static UsageException CannotOpen(string path, string origin, string why, Exception error) => new($"{origin} '{path}': {why}", error);

    /// <inheritdoc/>
    public bool IsFile { get; private init; }

    /// <inheritdoc/>
    public string? LastError { get; private set; }

    /// <inheritdoc/>
    public long Sent => Interlocked.Read(ref _sent);

    /// <inheritdoc/>
    public long Lost => Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public DateTimeOffset? LastSuccess => Interlocked.Read(ref _lastSuccess) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count)
    {
        await _turn.WaitAsync();
        try
        {
            if (_rotation is not null && _stream.CanSeek)
                await RotateAsync(_rotation, lines.Length);
            await AppendAsync(lines);
            Interlocked.Add(ref _sent, count);
            Interlocked.Exchange(ref _lastSuccess, _time.GetUtcNow().UtcTicks);
            if (_isFailing)
                RecordLog.WritingAgain(_logger, _path, Lost);
            _isFailing = false;
        }
        catch (Exception error) when (IsFailure(error))
        {
            Interlocked.Add(ref _lost, count);
            LastError = error.Message;
            if (!_isFailing)
                RecordLog.WriteFailed(_logger, _path, error.Message);
            _isFailing = true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task ReopenAsync()
    {
        if (!IsFile)
            return;
        await _turn.WaitAsync();
        try
        {
            if (_isClosed)
                return;
            await ExchangeAsync();
            RecordLog.Reopened(_logger, _path);
        }
        catch (Exception error) when (IsFailure(error))
        {
            RecordLog.ReopeningFailed(_logger, _path, error.Message);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _isClosed = true;
        try
        {
            await _stream.DisposeAsync();
            if (_kept is not null)
                await _kept.DisposeAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask AppendAsync(ReadOnlyMemory<byte> lines)
    {
        // Not the end of the last write: other processes can append to the file, or shorten it.
        var start = _stream.CanSeek ? _stream.Seek(0, SeekOrigin.End) : -1;
        try
        {
            if (_hasOpenLine)
                await _stream.WriteAsync(LineFeed);
            await _stream.WriteAsync(lines);
            await _stream.FlushAsync();
            _hasOpenLine = false;
        }
        catch (Exception error) when (IsFailure(error))
        {
            _hasOpenLine |= !TryCut(start);
            throw;
        }
    }

    // A part of the lines may have been written.
    private bool TryCut(long length)
    {
        try
        {
            if (length < 0 || !IsFile)
                return false;
            _stream.SetLength(length);
            return true;
        }
        catch (Exception error) when (IsFailure(error))
        {
            // Not a plain file, for example: the next line starts after a line feed. The error of the write itself is logged.
            return false;
        }
    }

    private async ValueTask RotateAsync(LineRotation rotation, int more)
    {
        var now = _time.GetUtcNow();
        var length = _stream.Length;
        // The age of the file is that of its first line.
        if (length == 0)
            _born = now;
        if (now < _nextRotation || !rotation.IsDue(length, more, now - _born))
            return;
        try
        {
            if (_kept is not null)
                await _kept.Idle.WaitAsync(KeepingLimit, _time);
            rotation.Shift(_path, _kept);
            await ExchangeAsync();
            _kept?.Begin();
        }
        catch (TimeoutException)
        {
            RecordLog.RotationFailed(_logger, _path, "the oldest file is still being read");
            _nextRotation = now + RotationPause;
        }
        catch (Exception error) when (IsFailure(error))
        {
            RecordLog.RotationFailed(_logger, _path, error.Message);
            _nextRotation = now + RotationPause;
        }
    }

    private async ValueTask ExchangeAsync()
    {
        var old = _stream;
        _stream = OpenFile(_path);
        try
        {
            LookAtEnd();
        }
        finally
        {
            await old.DisposeAsync();
        }
    }

    // An existing file was made earlier, and a killed process may have left part of a line in it.
    private void LookAtEnd()
    {
        _born = _time.GetUtcNow();
        _hasOpenLine = false;
        if (!_stream.CanSeek || _stream.Length is not (> 0 and var length))
            return;
        _born = new DateTimeOffset(File.GetCreationTimeUtc(_path));
        try
        {
            using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Span<byte> last = [0];
            _hasOpenLine = RandomAccess.Read(file, last, length - 1) == 1 && last[0] != '\n';
        }
        catch (UnauthorizedAccessException)
        {
            // A file that can be written but not read: an empty line does no harm.
            _hasOpenLine = true;
        }
    }

    // Not FileMode.Append, which refuses a file that has become shorter.
    private static FileStream OpenFile(string path) => new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    // Only the file itself can be renamed: not a device, and not a link such as /dev/stdout.
    private static bool IsPlain(string path) => new FileInfo(path).LinkTarget is null && !path.StartsWith("/dev/", StringComparison.Ordinal);

    // ArgumentException: a text that is not a path, and EFBIG, a file that is too large.
    internal static bool IsFailure(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentException;
}
