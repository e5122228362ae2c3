using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidecar.Net;

namespace Sidecar.Transport.Epoll;

/// <summary>
/// A non-blocking socket, registered once with one event loop for its life (edge-triggered). Only that loop's thread touches
/// it. One reader and one writer may wait.
/// </summary>
internal sealed class EpollSocket : ILoopHandler
{
    private const uint Interest = Libc.EpollIn | Libc.EpollOut | Libc.EpollRdHup | Libc.EpollPri | Libc.EpollEdge;
    private const uint Over = Libc.EpollErr | Libc.EpollHup;

    // After one of these no further event may come for bytes that are there already.
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

    /// <summary>Takes a descriptor over; it is closed if that fails.</summary>
    /// <param name="loop">The loop that the socket lives on, which is the caller's.</param>
    /// <param name="descriptor">A non-blocking socket.</param>
    /// <param name="isConnected">Whether reading and writing can be tried at once; else the first event tells.</param>
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

    /// <summary>Whether this process has closed it.</summary>
    public bool IsClosed => _closed;

    /// <summary>Whether the peer has ended its stream and all of it was read.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>
    /// Whether the peer has reset the connection, or the kernel given it up: an event or a call has told. Bytes that came
    /// before can still be read.
    /// </summary>
    public bool IsBroken { get; private set; }

    /// <summary>The error behind <see cref="SocketStatus.Failed"/>, in words; null when there was none.</summary>
    public string? ErrorText => _error == 0 ? null : Libc.Describe(_error);

    /// <summary>Bytes that the peer has not acknowledged yet and still can.</summary>
    public int Unsent => _closed || IsBroken ? 0 : Libc.Unsent(_descriptor);

    /// <summary>Bytes that the peer has not acknowledged, a FIN left out; those of a broken connection count, those of a closed socket do not.</summary>
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

    /// <summary>Whether bytes, an end or an error wait to be read. The kernel is asked: its event may still be on its way.</summary>
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

    /// <summary>Reads what is there.</summary>
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
                // A short read has emptied the queue: the next bytes are a new event.
                _read.IsReady = received == buffer.Length || _readsToTheEnd;
                count = (int)received;
                return SocketStatus.Done;
            }

            if (received == 0)
            {
                // The kernel tells of a reset once. If sending has learned of it, reading finds an end that never was one;
                // unless the peer's FIN came before the reset, which is what EPIPE means.
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

    /// <summary>Hands bytes to the kernel, maybe not all of them.</summary>
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

    /// <summary>When reading is worth a try: bytes, the end, an error, a close of this process, or <see cref="WakeReader"/>.</summary>
    public Readiness WhenReadable() => new(this, isWriting: false);

    /// <summary>When writing is worth a try.</summary>
    public Readiness WhenWritable() => new(this, isWriting: true);

    /// <summary>When it breaks, those who wait for the other side of the relay are woken as well.</summary>
    public void WakeWhenBroken(IRelaySocket partner) => _partner = partner;

    /// <summary>
    /// Completes once the peer has acknowledged all that was sent, or no longer can; or has acknowledged none of it for the
    /// length of <see cref="IRelaySocket.Patience"/>. The kernel tells nobody, so it is asked.
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

    /// <summary>Has the waiting reader look again.</summary>
    public void WakeReader() => _read.Wake();

    /// <summary>Has those who wait look again.</summary>
    public void Wake()
    {
        _read.Wake();
        _write.Wake();
    }

    /// <summary>Sends FIN behind what was sent; reading goes on.</summary>
    public void ShutdownSend()
    {
        // Of a connection that is over the kernel refuses it: no FIN is queued then.
        if (!_closed && !_shutDown)
            _finIsQueued = Libc.Shutdown(_descriptor, Libc.ShutdownWrite) == 0;
        _shutDown = true;
    }

    /// <summary>Closes orderly: what was sent still reaches the peer.</summary>
    public void Close()
    {
        if (_closed)
            return;
        _closed = true;
        Loop.Unregister(_slot);
        _ = Libc.Close(_descriptor);
        Wake();
    }

    /// <summary>Closes with RST: the peer must not take a cut stream for a whole one.</summary>
    public void Reset()
    {
        if (_closed)
            return;
        Libc.ResetOnClose(_descriptor);
        Close();
    }

    /// <summary>Reads an option in the kernel's form; the length, or -1 when there is none.</summary>
    public int GetOption(KernelOption option, Span<byte> value) => _closed ? -1 : Libc.GetOption(_descriptor, option, value);

    /// <summary>Sets an option that is a number.</summary>
    public void SetOption(KernelOption option, int value)
    {
        if (!_closed)
            _ = Libc.SetOption(_descriptor, option, value);
    }

    /// <summary>The pending error, such as why connecting failed; 0 when there is none.</summary>
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

    // The kernel tells of an error once, by an event without its number or to the call that meets it.
    private void Break(int error)
    {
        if (_error == 0)
            _error = error;
        if (IsBroken)
            return;
        IsBroken = true;
        // Not at once: the call that met it may be a pump's, in the middle of a turn.
        if (_partner is { } partner)
            Loop.Defer(partner.Wake);
    }

    // What a failed call means; null: try again.
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

    /// <summary>Awaited, it goes on inline on the loop.</summary>
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

        /// <summary>Calls back, on the loop; in its next turn if a try is worth it now.</summary>
        public void Call(Action callback)
        {
            if (IsCompleted)
                socket.Loop.Defer(callback);
            else
                Side.Waiter = callback;
        }
    }

    // Reading, or writing.
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
