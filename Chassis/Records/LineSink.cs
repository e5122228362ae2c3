using Microsoft.Extensions.Logging;

namespace Chassis.Records;

/// <summary>
/// Writes lines that are bytes already, in blocks, from its own task, so a caller only copies its line. A line is written
/// after 100 ms at the latest. When there is no room, the oldest lines are dropped.
/// </summary>
public sealed class LineSink : IAsyncDisposable
{
    /// <summary>
    /// Bytes of a block, unless one line has more. Each block costs some wake-ups of the thread pool, which at 64 KB were a tenth of a busy
    /// sidecar's time.
    /// </summary>
    public const int BlockSize = 256 * 1024;

    /// <summary>Bytes of all blocks by default.</summary>
    public const int DefaultLimit = 8 * 1024 * 1024;

    // One wake-up for all lines of that time; a reader who follows the file does not notice it.
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(100);

    // A reader of stdout that has stopped reading must not delay the end of the process for longer.
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);

    // An output that gives up counts the lines under way at once, but for one that hangs in the kernel.
    private static readonly TimeSpan GiveUpLimit = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LateTextLimit = TimeSpan.FromSeconds(1);

    // When this share of the room is in use, a line is written without its late texts, because waiting could lose it.
    private const int PressedShare = 4;

    // One block is filled while the other is written.
    private const int MaxFree = 2;

    private readonly Lock _lock = new();
    private readonly Queue<LineBlock> _waiting = new();
    private readonly Stack<LineBlock> _free = new(MaxFree);
    private readonly SemaphoreSlim _ready = new(0);
    private readonly ILineOutput _output;
    private readonly int _limit;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Task _writing;
    private TaskCompletionSource _pressed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LineBlock? _current;
    private int _held;
    private bool _isTimed;
    private bool _isDue;
    private int _underWay;
    private bool _isClosed;
    private Task? _ending;
    private long _dropped;

    /// <summary>Starts to write to an output, which it disposes of.</summary>
    /// <param name="output">The output for the lines.</param>
    /// <param name="limit">Bytes that may wait.</param>
    /// <param name="time">The process's clock.</param>
    /// <param name="logger">Gets a line if lines could not be written at the end.</param>
    public LineSink(ILineOutput output, int limit, TimeProvider time, ILogger logger)
    {
        (_output, _limit, _time, _logger) = (output, limit, time, logger);
        _timer = time.CreateTimer(static sink => ((LineSink)sink!).OnTime(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Lines lost so far: because there was no room, the file failed, or the sink had ended.</summary>
    public long Dropped => Interlocked.Read(ref _dropped) + _output.Lost;

    /// <summary>Lines that the output has taken so far.</summary>
    public long Sent => _output.Sent;

    /// <summary>Bytes of blocks that wait or are being written, with the room that is left in them.</summary>
    public int Held
    {
        get
        {
            lock (_lock)
                return _held;
        }
    }

    /// <summary>Lines that are neither sent nor lost nor in a spool. While an output takes lines, some of them can count as sent too.</summary>
    public long Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Sum(block => block.Lines) + (_current?.Lines ?? 0) + _underWay + _output.Unconfirmed;
        }
    }

    /// <summary>When the output last took lines; null if it never did.</summary>
    public DateTimeOffset? LastSuccess => _output.LastSuccess;

    /// <summary>The output's last failure in words; null if there was none.</summary>
    public string? LastError => _output.LastError;

    /// <summary>What the output keeps on disk for later; null if it never does.</summary>
    public SpoolFill? Spool => _output.Spool;

    /// <summary>Whether the output is a file, which can be reopened.</summary>
    public bool IsFile => _output.IsFile;

    /// <summary>Opens the file again, because it may have been renamed.</summary>
    public Task ReopenAsync() => _output.ReopenAsync();

    /// <summary>Copies a line; any thread can call it, and it never waits for the output.</summary>
    /// <param name="line">With its line feed, and without the texts that are not known yet.</param>
    /// <param name="late">These texts, in the order of their positions.</param>
    public void Write(ReadOnlySpan<byte> line, params ReadOnlySpan<LateText> late)
    {
        lock (_lock)
        {
            if (_isClosed || BlockFor(LineBlock.RoomFor(line, late)) is not { } block)
            {
                _dropped++;
                return;
            }

            block.Append(line, late);
            if (_isTimed)
                return;
            _isTimed = true;
            _timer.Change(Delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Writes the lines that still wait, for at most three seconds, and closes the output.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_ending is null)
            {
                _isClosed = true;
                Seal();
                _ready.Release();
                _ending = EndAsync();
            }

            return new ValueTask(_ending);
        }
    }

    private async Task EndAsync()
    {
        await _timer.DisposeAsync();
        await _writing.WaitAsync(FlushLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var before = Dropped;
        if (!_writing.IsCompleted)
        {
            lock (_lock)
            {
                _dropped += _waiting.Sum(block => block.Lines);
                _waiting.Clear();
            }

            _output.GiveUp();
            await _writing.WaitAsync(GiveUpLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (_writing.IsCompleted)
        {
            await _writing;
            await _output.DisposeAsync();
        }
        else
        {
            lock (_lock)
                _dropped += _underWay;
        }

        if (Dropped - before is > 0 and var lost)
            RecordLog.LostAtTheEnd(_logger, lost);
    }

    private LineBlock? BlockFor(int length)
    {
        if (_current?.Room >= length)
            return _current;
        var size = Math.Max(BlockSize, length);
        if (size > _limit)
            return null;
        Seal();
        while (_held + size > _limit && _waiting.TryDequeue(out var oldest))
        {
            _dropped += oldest.Lines;
            Free(oldest);
        }

        if (_held + size > _limit)
            return null;
        _held += size;
        return _current = size == BlockSize && _free.TryPop(out var block) ? block : new LineBlock(size);
    }

    private void Seal()
    {
        _isDue = false;
        if (_current is null)
            return;
        _waiting.Enqueue(_current);
        _current = null;
        if (_held > _limit / PressedShare)
            _pressed.TrySetResult();
        // The writer takes all waiting blocks.
        if (_ready.CurrentCount == 0)
            _ready.Release();
    }

    private void OnTime()
    {
        lock (_lock)
        {
            _isTimed = false;
            // While the output is slow, one block is filled before the next is begun.
            if (_underWay > 0 || _waiting.Count > 0)
                _isDue = true;
            else
                Seal();
        }
    }

    private async Task WriteAllAsync()
    {
        bool isClosed;
        do
        {
            await _ready.WaitAsync();
            // No line can come after it.
            lock (_lock)
                isClosed = _isClosed;
            while (Take() is { } block)
            {
                await block.SettleAsync(LateTextLimit, Pressed(), _time);
                await _output.WriteAsync(block.Bytes, block.Lines, Hurry());
                lock (_lock)
                    Free(block);
            }
        }
        while (!isClosed);
    }

    // Completes when there is no more time to wait.
    private Task Pressed()
    {
        lock (_lock)
        {
            if (_pressed.Task.IsCompleted && _held <= _limit / PressedShare)
                _pressed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _pressed.Task;
        }
    }

    // The same, and completed at the end.
    private Task Hurry()
    {
        lock (_lock)
            return _isClosed ? Task.CompletedTask : Pressed();
    }

    private LineBlock? Take()
    {
        lock (_lock)
        {
            if (_isDue && _waiting.Count == 0)
                Seal();
            _underWay = _waiting.TryDequeue(out var block) ? block.Lines : 0;
            return block;
        }
    }

    private void Free(LineBlock block)
    {
        _held -= block.Size;
        block.Clear();
        if (block.Size == BlockSize && _free.Count < MaxFree)
            _free.Push(block);
        else
            block.Release();
    }
}
