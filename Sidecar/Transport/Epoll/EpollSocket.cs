using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidecar.Net;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// A non-blocking socket, registered once with one event loop for its life (edge-triggered). Only that loop's thread uses it.
/// One reader and one writer may wait.
/// </summary>
internal sealed class EpollSocket : ILoopHandler
{
    private const uint Interest = Libc.EpollIn | Libc.EpollOut | Libc.EpollRdHup | Libc.EpollPri | Libc.EpollEdge;
    private const uint Over = Libc.EpollErr | Libc.EpollHup;

    // After one of these events there may be no other event for bytes that have already come.
    private const uint ReadToTheEnd = Over | Libc.EpollRdHup | Libc.EpollPri;
    private const uint ReadEvents = Libc.EpollIn | ReadToTheEnd;
    private const uint WriteEvents = Libc.EpollOut | Over;

    private readonly int _descriptor;
    private readonly int _slot;
    private Side _read;
    private Side _write;
    private bool _readsToTheEnd;
    private bool _closed;
    private bool _shutDown;
    private bool _finIsQueued;
    private int _error;
    private IRelaySocket? _partner;

    private EpollSocket(EventLoop loop, int descriptor, bool isConnected)
    {
        (Loop, _descriptor, _read.IsReady, _write.IsReady) = (loop, descriptor, isConnected, isConnected);
        _slot = loop.Register(descriptor, this, Interest);
    }

    public EventLoop Loop { get; }

    /// <summary>Takes over a descriptor; if that fails, the descriptor is closed.</summary>
    /// <param name="loop">The loop that the socket belongs to; the caller is on its thread.</param>
    /// <param name="descriptor">A non-blocking socket.</param>
    /// <param name="isConnected">Whether reading and writing can be tried at once; if not, they wait for the first event.</param>
    /// <exception cref="IOException">The kernel registers no more descriptors.</exception>
    public static EpollSocket Open(EventLoop loop, int descriptor, bool isConnected)
    {
        try
        {
            return new EpollSocket(loop, descriptor, isConnected);
        }
        catch
        {
            _ = Libc.Close(descriptor);
            throw;
        }
    }

    /// <summary>Whether this process has closed the socket.</summary>
    public bool IsClosed => _closed;

    /// <summary>Whether the peer has ended its stream and all its bytes were read.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>
    /// Whether the peer has reset the connection or the kernel has given it up, as an event or a call has reported. Bytes that
    /// came before can still be read.
    /// </summary>
    public bool IsBroken { get; private set; }

    /// <summary>The cause of <see cref="SocketStatus.Failed"/>, as a text; null if there was no error.</summary>
    public string? ErrorText => _error == 0 ? null : Libc.Describe(_error);

    /// <summary>Bytes that the peer has not acknowledged but still can.</summary>
    public int Unsent => _closed || IsBroken ? 0 : Libc.Unsent(_descriptor);

    /// <summary>Unacknowledged bytes without the FIN, also if the connection is broken; 0 if the socket is closed.</summary>
    public int Unacknowledged => _closed ? 0 : Libc.Unacknowledged(_descriptor, _finIsQueued);

    public unsafe IPEndPoint? LocalEndPoint
    {
        get
        {
            var address = stackalloc byte[KernelAddress.MaxLength];
            var length = KernelAddress.MaxLength;
            return !_closed && Libc.GetLocalAddress(_descriptor, address, &length) == 0
                ? KernelAddress.Read(new ReadOnlySpan<byte>(address, length))
                : null;
        }
    }

    /// <summary>Whether bytes, an end or an error wait to be read. Asks the kernel, because the event may not have come yet.</summary>
    public unsafe bool HasNews
    {
        get
        {
            byte first;
            if (_closed || Libc.Receive(_descriptor, &first, 1, Libc.Peek) >= 0)
                return true;
            var error = Libc.Error;
            if (error is Libc.WouldBlock or Libc.Interrupted)
                return false;
            Break(error);
            return true;
        }
    }

    /// <summary>Reads the bytes that have come.</summary>
    public unsafe SocketStatus Receive(Span<byte> buffer, out int count)
    {
        count = 0;
        while (_read.IsReady && !_closed)
        {
            nint received;
            fixed (byte* bytes = buffer)
                received = Libc.Receive(_descriptor, bytes, (nuint)buffer.Length, 0);
            if (received > 0)
            {
                // A short read has emptied the queue, so the next bytes cause a new event.
                _read.IsReady = received == buffer.Length || _readsToTheEnd;
                count = (int)received;
                return SocketStatus.Done;
            }

            if (received == 0)
            {
                // The kernel reports a reset only once. If a send got this report, a read returns a false end of stream. EPIPE is
                // the exception: then the peer's FIN came before the reset, and the end is a real one.
                if (_error is not (0 or Libc.BrokenPipe))
                    return SocketStatus.Failed;
                HasEnded = true;
                return SocketStatus.Ended;
            }

            if (Retry(ref _read) is { } failure)
                return failure;
        }

        return _closed ? SocketStatus.Closed : SocketStatus.WouldBlock;
    }

    /// <summary>Gives bytes to the kernel, which may take only some of them.</summary>
    public unsafe SocketStatus Send(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        while (_write.IsReady && !_closed)
        {
            nint sent;
            fixed (byte* start = bytes)
                sent = Libc.Send(_descriptor, start, (nuint)bytes.Length, Libc.NoSignal);
            if (sent >= 0)
            {
                _write.IsReady = sent == bytes.Length;
                count = (int)sent;
                return SocketStatus.Done;
            }

            if (Retry(ref _write) is { } failure)
                return failure;
        }

        return _closed ? SocketStatus.Closed : SocketStatus.WouldBlock;
    }

    /// <summary>Waits until a read makes sense: bytes, the end, an error, a close by this process, <see cref="WakeReader"/>.</summary>
    public Readiness WhenReadable() => new(this, isWriting: false);

    /// <summary>Waits until a write makes sense.</summary>
    public Readiness WhenWritable() => new(this, isWriting: true);

    /// <summary>When this socket breaks, the waits for the other side of the relay end too.</summary>
    public void WakeWhenBroken(IRelaySocket partner) => _partner = partner;

    /// <summary>
    /// Completes when the peer has acknowledged all sent bytes or no longer can, or when it has acknowledged none of them for
    /// <see cref="IRelaySocket.Patience"/>. The kernel has no event for this, so it is polled.
    /// </summary>
    public async Task WhenAllIsSentAsync()
    {
        var (last, since, pause) = (int.MaxValue, 0L, TimeSpan.FromMilliseconds(1));
        for (int unsent; (unsent = Unsent) > 0; last = unsent)
        {
            if (unsent < last)
                since = Loop.Timers.GetTimestamp();
            else if (Loop.Timers.GetElapsedTime(since) >= IRelaySocket.Patience)
                return;
            await Loop.Delay(pause);
            pause = TimeSpan.FromMilliseconds(Math.Min(50, 2 * pause.TotalMilliseconds));
        }
    }

    /// <summary>Makes the waiting reader try again.</summary>
    public void WakeReader() => _read.Wake();

    /// <summary>Makes the waiting reader and writer try again.</summary>
    public void Wake()
    {
        _read.Wake();
        _write.Wake();
    }

    /// <summary>Sends FIN after the sent bytes; reading continues.</summary>
    public void ShutdownSend()
    {
        // The kernel refuses this if the connection is over; then no FIN is queued.
        if (!_closed && !_shutDown)
            _finIsQueued = Libc.Shutdown(_descriptor, Libc.ShutdownWrite) == 0;
        _shutDown = true;
    }

    /// <summary>Closes in an orderly way: sent bytes still reach the peer.</summary>
    public void Close()
    {
        if (_closed)
            return;
        _closed = true;
        Loop.Unregister(_slot);
        _ = Libc.Close(_descriptor);
        Wake();
    }

    /// <summary>Closes with RST, so that the peer does not take a cut stream for a complete one.</summary>
    public void Reset()
    {
        if (_closed)
            return;
        Libc.ResetOnClose(_descriptor);
        Close();
    }

    /// <summary>Reads an option in the kernel's format. Returns its length, or -1 if there is no such option.</summary>
    public int GetOption(KernelOption option, Span<byte> value) => _closed ? -1 : Libc.GetOption(_descriptor, option, value);

    /// <summary>Sets a numeric option.</summary>
    public void SetOption(KernelOption option, int value)
    {
        if (!_closed)
            _ = Libc.SetOption(_descriptor, option, value);
    }

    /// <summary>Takes the pending error, such as the reason why connecting failed; 0 if there is none.</summary>
    public int TakeError()
    {
        var error = 0;
        return Libc.GetOption(_descriptor, KernelOption.Error, MemoryMarshal.AsBytes(new Span<int>(ref error))) < 0 ? Libc.Error : error;
    }

    /// <inheritdoc/>
    public void OnEvents(uint events)
    {
        _readsToTheEnd |= (events & ReadToTheEnd) != 0;
        if ((events & Libc.EpollErr) != 0)
            Break(0);
        if ((events & ReadEvents) != 0)
            _read.Ready();
        if ((events & WriteEvents) != 0)
            _write.Ready();
    }

    /// <inheritdoc/>
    public void OnFailed() => Reset();

    // The kernel reports an error once: by an event without the error's number, or as the result of a call.
    private void Break(int error)
    {
        if (_error == 0)
            _error = error;
        if (IsBroken)
            return;
        IsBroken = true;
        // Not at once, because the failed call may come from a pump in the middle of a turn.
        if (_partner is { } partner)
            Loop.Defer(partner.Wake);
    }

    // The status that a failed call gives; null means try again.
    private SocketStatus? Retry(ref Side side)
    {
        var error = Libc.Error;
        switch (error)
        {
            case Libc.Interrupted:
                return null;
            case Libc.WouldBlock:
                side.IsReady = false;
                return SocketStatus.WouldBlock;
            default:
                Break(error);
                return SocketStatus.Failed;
        }
    }

    /// <summary>An await on it continues inline on the loop.</summary>
    internal readonly struct Readiness(EpollSocket socket, bool isWriting) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => Side.IsReady || socket._closed;

        private ref Side Side => ref isWriting ? ref socket._write : ref socket._read;

        public Readiness GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => Side.Waiter = continuation;

        /// <summary>Calls back on the loop; if the socket is ready now, in the loop's next turn.</summary>
        public void Call(Action callback)
        {
            if (IsCompleted)
                socket.Loop.Defer(callback);
            else
                Side.Waiter = callback;
        }
    }

    // The state of reading, or of writing.
    private struct Side
    {
        public bool IsReady;
        public Action? Waiter;

        public void Ready()
        {
            IsReady = true;
            Wake();
        }

        public void Wake()
        {
            var waiter = Waiter;
            Waiter = null;
            waiter?.Invoke();
        }
    }
}
