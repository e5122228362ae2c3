using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Sidecar.Net;

namespace Sidecar.Transport.Sockets;

/// <summary>A connection's pipe as one side of a relay. The pipe waits on its own threads; after a wait the relay calls again.</summary>
/// <param name="connection">The connection, with its pipe as the stages left it.</param>
/// <param name="raw">The connection's socket; null if it has none.</param>
internal sealed class PipeSocket(ConnectionContext connection, IRawSocket? raw) : IRelaySocket
{
    // A pipe may call back on the thread that receives, which would then receive on. After this number of bytes others get the thread.
    private const int BytesPerTurn = 512 * 1024;

    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;
    private ReadOnlySequence<byte> _unread;
    private SequencePosition? _consumed;
    private Pending<ReadResult>? _reading;
    private Pending<FlushResult>? _flushing;
    private bool _hasEnded;
    private int _turn;

    /// <inheritdoc/>
    public bool IsBroken => false;

    /// <inheritdoc/>
    public string? ErrorText { get; private set; }

    /// <inheritdoc/>
    public int Unsent => 0;

    /// <inheritdoc/>
    public int Unacknowledged => raw?.Unacknowledged ?? 0;

    /// <inheritdoc/>
    public bool HasNews => raw?.HasNews ?? false;

    /// <inheritdoc/>
    public SocketStatus Receive(int limit, out Span<byte> chunk)
    {
        chunk = default;
        try
        {
            while (_unread.IsEmpty)
            {
                if (_hasEnded)
                    return SocketStatus.Ended;
                if (!TryRead())
                    return SocketStatus.WouldBlock;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            ErrorText = error.Message;
            return SocketStatus.Closed;
        }
        catch (IOException error)
        {
            ErrorText = error.Message;
            return SocketStatus.Failed;
        }

        // No other code uses the bytes that the reader has handed out, until they are given back.
        var memory = MemoryMarshal.AsMemory(_unread.First);
        chunk = memory.Span[..Math.Min(limit, memory.Length)];
        _unread = _unread.Slice(chunk.Length);
        _turn += chunk.Length;
        return SocketStatus.Done;
    }

    /// <inheritdoc/>
    public SocketStatus Send(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        try
        {
            if (_flushing is null)
            {
                _output.Write(bytes);
                _flushing = new(_output.FlushAsync());
            }

            if (!Pending<FlushResult>.TryTake(ref _flushing, out var flushed))
                return SocketStatus.WouldBlock;
            if (flushed.IsCompleted)
                return SocketStatus.Failed;
            count = bytes.Length;
            return SocketStatus.Done;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException)
        {
            ErrorText = error.Message;
            return SocketStatus.Failed;
        }
    }

    /// <inheritdoc/>
    public void WhenReadable(Action callback)
    {
        var reading = _reading!.Value;
        if (_turn < BytesPerTurn)
        {
            reading.WhenCompleted(callback);
            return;
        }

        _turn = 0;
        reading.WhenCompleted(() => Defer(callback));
    }

    /// <inheritdoc/>
    public void WhenWritable(Action callback) => _flushing!.Value.WhenCompleted(callback);

    /// <inheritdoc/>
    public void Defer(Action callback) => ThreadPool.UnsafeQueueUserWorkItem(static call => call(), callback, preferLocal: true);

    /// <summary>Nothing to do: a wait for the other side ends when that side breaks.</summary>
    public void WakeWhenBroken(IRelaySocket other)
    {
    }

    /// <summary>Nothing to do: a pipe ends the waits for it itself.</summary>
    public void Wake()
    {
    }

    /// <inheritdoc/>
    public void ShutdownSend() => _output.Complete();

    /// <summary>Completes at once: after a flush, all its bytes are in the kernel.</summary>
    public Task WhenAllIsSentAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void Abort(ConnectionAbortedException reason) => connection.Abort(reason);

    /// <inheritdoc/>
    public int GetRawOption(KernelOption option, Span<byte> value) => raw?.GetRawOption(option, value) ?? -1;

    /// <inheritdoc/>
    public void SetRawOption(KernelOption option, int value) => raw?.SetRawOption(option, value);

    // Takes the bytes that the pipe has, or begins to wait for some.
    private bool TryRead()
    {
        if (_reading is null)
        {
            if (_consumed is { } consumed)
                _input.AdvanceTo(consumed);
            _consumed = null;
            _reading = new(_input.ReadAsync());
        }

        if (!Pending<ReadResult>.TryTake(ref _reading, out var read))
            return false;
        (_unread, _consumed, _hasEnded) = (read.Buffer, read.Buffer.End, read.IsCompleted);
        return true;
    }

    // A call of the pipe that may still be under way. Its result is taken exactly once.
    private readonly struct Pending<T>(ValueTask<T> call)
    {
        public static bool TryTake(ref Pending<T>? pending, [MaybeNullWhen(false)] out T result)
        {
            result = default;
            if (!pending!.Value.IsCompleted)
                return false;
            var taken = pending.Value;
            pending = null;
            result = taken.Result;
            return true;
        }

        private bool IsCompleted => call.IsCompleted;

        private T Result => call.Result;

        public void WhenCompleted(Action callback) => call.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(callback);
    }
}
