using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Chassis.Records;

/// <summary>What a sink does with the next record when it is full.</summary>
public enum WhenFull
{
    /// <summary>The oldest waiting record is dropped and counted; the writer never waits.</summary>
    DropOldest,

    /// <summary>The writer waits until there is room: nothing is lost.</summary>
    Wait,
}

/// <summary>Opens sinks.</summary>
public static class JsonLineSink
{
    /// <summary>Opens a sink.</summary>
    /// <param name="path">A file to append to, or <c>-</c> for stdout.</param>
    /// <param name="origin">The option or key that named it.</param>
    /// <param name="type">How to write a record.</param>
    /// <param name="whenFull">What to do when the queue is full.</param>
    /// <param name="logger">Gets a line when writing starts to fail, and one when it works again.</param>
    /// <exception cref="UsageException">The file cannot be opened.</exception>
    public static JsonLineSink<T> Open<T>(string path, string origin, JsonTypeInfo<T> type, WhenFull whenFull, ILogger logger) =>
        new JsonLineSink<T>(LineOutput.Open(path, origin, rotation: null, TimeProvider.System, logger), type, whenFull, logger);
}

/// <summary>Writes records as JSON lines to a file or stdout, from a bounded queue that its own task empties.</summary>
public sealed class JsonLineSink<T> : IAsyncDisposable
{
    /// <summary>Records that may wait to be written.</summary>
    public const int Capacity = 8192;

    // A reader of stdout that has stopped reading must not delay the end of the process for longer.
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);
    private static readonly byte[] LineFeed = "\n"u8.ToArray();

    private readonly JsonTypeInfo<T> _type;
    private readonly Channel<(T Record, object? Sender)> _queue;
    private readonly SenderShares _shares = new(Capacity / 4);
    private readonly LineOutput _output;
    private readonly ILogger _logger;
    private readonly Task _writing;
    private Task? _ending;
    private long _dropped;
    private int _underWay;
    private long _overShare;

    internal JsonLineSink(LineOutput output, JsonTypeInfo<T> type, WhenFull whenFull, ILogger logger)
    {
        _output = output;
        _type = type;
        _logger = logger;
        var mode = whenFull == WhenFull.Wait ? BoundedChannelFullMode.Wait : BoundedChannelFullMode.DropOldest;
        var options = new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = mode };
        _queue = Channel.CreateBounded<(T Record, object? Sender)>(options, OnDropped);
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Records lost so far: to a full queue or to a failing file.</summary>
    public long Dropped => Interlocked.Read(ref _dropped) + _output.Lost;

    /// <summary>Records left out so far because one sender had a quarter of the queue.</summary>
    public long OverShare => Interlocked.Read(ref _overShare);

    /// <summary>Whether the output is a file, which can be reopened.</summary>
    public bool IsFile => _output.IsFile;

    /// <summary>Opens the file again, because it may have been renamed.</summary>
    public Task ReopenAsync() => _output.ReopenAsync();

    /// <summary>Queues a record; completes at once unless the sink waits when full.</summary>
    /// <param name="record">The record.</param>
    /// <param name="sender">
    /// The sender of the record, to protect the records of other senders; one sender can have a quarter of the queue.
    /// </param>
    /// <returns>Whether it was queued; after the end it is dropped and counted.</returns>
    public async ValueTask<bool> WriteAsync(T record, object? sender = null)
    {
        if (!_shares.TryTake(sender))
        {
            Interlocked.Increment(ref _overShare);
            return false;
        }

        while (!_queue.Writer.TryWrite((record, sender)))
        {
            if (await _queue.Writer.WaitToWriteAsync())
                continue;
            OnDropped((record, sender));
            return false;
        }

        return true;
    }

    /// <summary>Writes the records that still wait, for at most three seconds, and closes the output.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_queue)
            return new ValueTask(_ending ??= EndAsync());
    }

    private void OnDropped((T Record, object? Sender) item)
    {
        _shares.Return(item.Sender);
        Interlocked.Increment(ref _dropped);
    }

    private async Task EndAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.WaitAsync(FlushLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var before = Dropped;
        if (_writing.IsCompleted)
        {
            await _writing;
            await _output.DisposeAsync();
        }
        else
        {
            Interlocked.Add(ref _dropped, _queue.Reader.Count + Volatile.Read(ref _underWay));
        }

        if (Dropped - before is > 0 and var lost)
            RecordLog.LostAtTheEnd(_logger, lost);
    }

    private async Task WriteAllAsync()
    {
        using var batch = new MemoryStream();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.SetLength(0);
            var count = 0;
            // One write for many waiting records, without delaying a single one.
            while (batch.Length < 64 * 1024 && _queue.Reader.TryRead(out var item))
            {
                _shares.Return(item.Sender);
                JsonSerializer.Serialize(batch, item.Record, _type);
                batch.Write(LineFeed);
                count++;
            }

            Volatile.Write(ref _underWay, count);
            await _output.WriteAsync(batch.GetBuffer().AsMemory(0, (int)batch.Length), count);
            Volatile.Write(ref _underWay, 0);
        }
    }
}
