using Chassis;
using Chassis.Records;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>
/// Puts lines into a spool while their output is away or too slow. A batch is first sent from memory. When it has not arrived after one
/// second, or when lines behind it need the memory, it goes into the spool, and so do all later ones until the spool is empty.
/// </summary>
internal sealed partial class SpooledOutput : ILineOutput
{
    private const int SmallBlock = LineSink.BlockSize / 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // The sidecar's end waits for it; what was not sent by then stays in the spool.
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(2);

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly IBatchOutput _output;
    private readonly Spool _spool;
    private readonly string _folder;
    private readonly OutputContext _context;
    private readonly LineNumbers _numbers;
    private readonly CancellationTokenSource _stop = new();

    // Guards all below, and the spool.
    private readonly Lock _lock = new();
    private byte[] _buffer = [];
    private Task _sending = Task.CompletedTask;
    private bool _isSending;

    // Of the batch that is sent from memory; null if there is none.
    private TaskCompletionSource<bool>? _direct;
    private string? _failure;
    private long _lost;

    private SpooledOutput(IBatchOutput output, Spool spool, string folder, OutputContext context)
    {
        (_output, _spool, _folder, _context, _numbers) = (output, spool, folder, context, new LineNumbers(context.Time));
        lock (_lock)
            SendFromSpool();
    }

    /// <inheritdoc/>
    public bool IsFile => false;

    /// <inheritdoc/>
    public long Sent => _output.Sent;

    /// <inheritdoc/>
    public long Lost => _output.Lost + Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public DateTimeOffset? LastSuccess => _output.LastSuccess;

    /// <inheritdoc/>
    public string? LastError => _failure ?? _output.LastError;

    /// <inheritdoc/>
    public SpoolFill? Spool => _spool.Fill;

    /// <summary>Puts a spool before an output.</summary>
    /// <param name="output">The output.</param>
    /// <param name="options">The spool; null for none.</param>
    /// <param name="content">The kind of output that the lines are for, and their format.</param>
    /// <param name="context">The format, the clock and the log.</param>
    /// <exception cref="UsageException">The spool's folder cannot be used.</exception>
    public static ILineOutput Open(IBatchOutput output, SpoolOptions? options, string content, OutputContext context) => options is null
        ? output
        : new SpooledOutput(output, Spools.Spool.Open(options, content, context.Logger), options.Folder, context);

    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count) => WriteAsync(lines, count, Never);

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count, Task hurry)
    {
        var batch = _numbers.Next(lines, count);
        Task<bool>? direct = null;
        while (!_stop.IsCancellationRequested)
        {
            direct ??= TrySend(batch)?.Task;
            // Behind a small block the next one is filled meanwhile, so that a spool of few records has not a request for each of them.
            if (direct is not null || lines.Length < SmallBlock)
                await ((Task)Task.WhenAny(direct ?? Never, hurry)).WaitAsync(Patience, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (TryStore(batch, direct))
                return;
            // The batch stays in memory, and those behind it in the bounded queue before this output.
            await Task.Delay(Patience, _context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (direct is null || !await direct)
            Interlocked.Add(ref _lost, count);
    }

    /// <inheritdoc/>
    public Task ReopenAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void GiveUp()
    {
        _stop.Cancel();
        _output.GiveUp();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sending.WaitAsync(FlushLimit, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GiveUp();
        await _sending;
        await _output.DisposeAsync();
        _spool.Dispose();
        _stop.Dispose();
    }

    // Sends a batch from memory; null if others are before it.
    private TaskCompletionSource<bool>? TrySend(LineBatch batch)
    {
        lock (_lock)
        {
            if (_isSending || !_spool.IsEmpty)
                return null;
            // The lines belong to the caller, who may leave before they have arrived.
            if (_buffer.Length < batch.Lines.Length)
                _buffer = new byte[Math.Max(LineSink.BlockSize, batch.Lines.Length)];
            batch.Lines.CopyTo(_buffer);
            _direct = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            Send(batch with { Lines = _buffer.AsMemory(0, batch.Lines.Length) });
            return _direct;
        }
    }

    // True if the batch has arrived in the meantime, or is in the spool.
    private bool TryStore(LineBatch batch, Task<bool>? direct)
    {
        lock (_lock)
        {
            if (direct is { IsCompleted: true, Result: true })
                return true;
            try
            {
                _spool.Append(batch, isUnderWay: direct is { IsCompleted: false });
            }
            catch (Exception error) when (Spools.Spool.IsFailure(error))
            {
                if (_failure is null)
                    Log.NotStored(_context.Logger, _folder, error.Message);
                _failure = error.Message;
                return false;
            }

            if (_failure is not null)
                Log.StoredAgain(_context.Logger, _folder);
            _failure = null;
            if (!_isSending)
                SendFromSpool();
            return true;
        }
    }

    private void SendFromSpool()
    {
        if (!_stop.IsCancellationRequested && _spool.Take(ref _buffer) is { } batch)
            Send(batch);
    }

    private void Send(LineBatch batch)
    {
        _isSending = true;
        _sending = Task.Run(() => SendAllAsync(batch));
    }

    private async Task SendAllAsync(LineBatch? next)
    {
        while (next is { } batch)
        {
            var isSent = await _output.SendAsync(batch) == 0;
            lock (_lock)
            {
                _spool.Settle(isSent);
                _direct?.SetResult(isSent);
                _direct = null;
                next = isSent && !_stop.IsCancellationRequested ? _spool.Take(ref _buffer) : null;
                _isSending = next is not null;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(154, LogLevel.Error, "Records cannot be put into {Folder} and wait in memory: {Reason}")]
        public static partial void NotStored(ILogger logger, string folder, string reason);

        [LoggerMessage(155, LogLevel.Information, "Records are put into {Folder} again")]
        public static partial void StoredAgain(ILogger logger, string folder);
    }
}
