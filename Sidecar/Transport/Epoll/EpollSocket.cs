using System.Net;
using System.Runtime.CompilerServices;

namespace Sidecar.Transport.Epoll;

/// <summary>How a call on a socket ended that did not wait.</summary>
internal enum SocketStatus
{
    /// <summary>Bytes were moved.</summary>
    Done,

    /// <summary>Nothing can be moved now; await the socket.</summary>
    WouldBlock,

    /// <summary>The peer has ended its stream.</summary>
    Ended,

    /// <summary>The connection is broken: <see cref="EpollSocket.Error"/> says how.</summary>
    Failed,

    /// <summary>This process has closed the socket.</summary>
    Closed,
}

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
    private bool _canRead;
    private bool _canWrite;
    private bool _readsToTheEnd;
    private bool _closed;
    private bool _shutDown;
    private Action? _reader;
    private Action? _writer;
    private EpollSocket? _partner;

    /// <summary>Takes the descriptor over; it is closed if the loop cannot register it.</summary>
    /// <param name="loop">The loop that the socket lives on, which is the caller's.</param>
    /// <param name="descriptor">A non-blocking socket.</param>
    /// <param name="isConnected">Whether reading and writing can be tried at once; else the first event tells.</param>
    /// <exception cref="IOException">The kernel registers no more descriptors.</exception>
    public EpollSocket(EventLoop loop, int descriptor, bool isConnected)
    {
        (Loop, _descriptor, _canRead, _canWrite) = (loop, descriptor, isConnected, isConnected);
        try
        {
            _slot = loop.Register(descriptor, this, Interest);
        }
        catch
        {
            _ = Libc.Close(descriptor);
            throw;
        }
    }

    public EventLoop Loop { get; }

    /// <summary>Whether this process has closed it.</summary>
    public bool IsClosed => _closed;

    /// <summary>Whether the peer has ended its stream and all of it was read.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the peer has reset the connection, or the kernel given it up; bytes that came before can still be read.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The error number behind <see cref="SocketStatus.Failed"/>.</summary>
    public int Error { get; private set; }

    /// <summary>The error in words; null when there was none.</summary>
    public string? ErrorText => Error == 0 ? null : Libc.Describe(Error);

    /// <summary>Bytes that the peer has not acknowledged yet and still can.</summary>
    public int Unsent => _closed || IsBroken || Error != 0 ? 0 : Libc.Unsent(_descriptor);

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

    /// <summary>Reads what is there.</summary>
    public unsafe SocketStatus Receive(Span<byte> buffer, out int count)
    {
        count = 0;
        while (_canRead && !_closed)
        {
            nint received;
            fixed (byte* bytes = buffer)
                received = Libc.Receive(_descriptor, bytes, (nuint)buffer.Length, 0);
            if (received > 0)
            {
                // A short read has emptied the queue: the next bytes are a new event.
                _canRead = received == buffer.Length || _readsToTheEnd;
                count = (int)received;
                return SocketStatus.Done;
            }

            if (received == 0)
            {
                // The kernel tells of a reset once. If sending has learned of it, reading finds an end that never was one;
                // unless the peer's FIN came before the reset, which is what EPIPE means.
                if (Error is not (0 or Libc.BrokenPipe))
                    return SocketStatus.Failed;
                HasEnded = true;
                return SocketStatus.Ended;
            }

            if (Retry(ref _canRead) is { } failure)
                return failure;
        }

        return _closed ? SocketStatus.Closed : SocketStatus.WouldBlock;
    }

    /// <summary>Hands bytes to the kernel, maybe not all of them.</summary>
    public unsafe SocketStatus Send(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        while (_canWrite && !_closed)
        {
            nint sent;
            fixed (byte* start = bytes)
                sent = Libc.Send(_descriptor, start, (nuint)bytes.Length, Libc.NoSignal);
            if (sent >= 0)
            {
                _canWrite = sent == bytes.Length;
                count = (int)sent;
                return SocketStatus.Done;
            }

            if (Retry(ref _canWrite) is { } failure)
                return failure;
        }

        return _closed ? SocketStatus.Closed : SocketStatus.WouldBlock;
    }

    /// <summary>Waits until reading is worth a try: bytes, the end, an error, a close of this process, or <see cref="WakeReader"/>.</summary>
    public Readable WhenReadable() => new(this);

    /// <summary>Waits until writing is worth a try.</summary>
    public Writable WhenWritable() => new(this);

    /// <summary>Calls back, on the loop, once reading is worth a try; at the latest in the next turn if it is now.</summary>
    public void OnReadable(Action callback)
    {
        if (_canRead || _closed)
            Loop.Defer(callback);
        else
            _reader = callback;
    }

    /// <summary>Calls back, on the loop, once writing is worth a try.</summary>
    public void OnWritable(Action callback)
    {
        if (_canWrite || _closed)
            Loop.Defer(callback);
        else
            _writer = callback;
    }

    /// <summary>When one of two relayed sockets breaks, those who wait for the other are woken as well.</summary>
    public void JoinWith(EpollSocket partner) => (_partner, partner._partner) = (partner, this);

    /// <summary>Completes once the peer has acknowledged all, or this process has closed the socket. The kernel tells nobody, so it is asked.</summary>
    /// <param name="progress">Called when something was acknowledged since it was last asked.</param>
    public async Task WhenAllIsSentAsync(Action? progress = null)
    {
        var pause = TimeSpan.FromMilliseconds(1);
        for (int last = int.MaxValue, unsent; (unsent = Unsent) > 0; last = unsent)
        {
            if (unsent < last)
                progress?.Invoke();
            await Loop.Delay(pause);
            pause = TimeSpan.FromMilliseconds(Math.Min(50, 2 * pause.TotalMilliseconds));
        }
    }

    /// <summary>Has the waiting reader look again.</summary>
    public void WakeReader() => Wake(ref _reader);

    /// <summary>Sends FIN behind what was sent; reading goes on.</summary>
    public void ShutdownSend()
    {
        if (!_closed && !_shutDown)
            _ = Libc.Shutdown(_descriptor, Libc.ShutdownWrite);
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
        Wake(ref _reader);
        Wake(ref _writer);
    }

    /// <summary>Closes with RST: the peer must not take a cut stream for a whole one.</summary>
    public unsafe void Reset()
    {
        if (_closed)
            return;
        // struct linger: on, zero seconds.
        var linger = stackalloc int[] { 1, 0 };
        _ = Libc.SetOption(_descriptor, Libc.SocketLevel, Libc.SocketLinger, linger, 2 * sizeof(int));
        Close();
    }

    /// <summary>Sets an option that is a number; false when the kernel refuses.</summary>
    public bool SetOption(int level, int name, int value) => !_closed && Libc.SetOption(_descriptor, level, name, value);

    /// <summary>Reads an option in the kernel's form; the length, or -1 when there is none.</summary>
    public unsafe int GetOption(int level, int name, Span<byte> value)
    {
        var length = value.Length;
        fixed (byte* bytes = value)
            return !_closed && Libc.GetOption(_descriptor, level, name, bytes, &length) == 0 ? length : -1;
    }

    /// <summary>The pending error, such as why connecting failed; 0 when there is none.</summary>
    public unsafe int TakeError()
    {
        int error, length = sizeof(int);
        return Libc.GetOption(_descriptor, Libc.SocketLevel, Libc.SocketError, &error, &length) == 0 ? error : Libc.Error;
    }

    /// <inheritdoc/>
    public void OnEvents(uint events)
    {
        _readsToTheEnd |= (events & ReadToTheEnd) != 0;
        var breaks = !IsBroken && (events & Libc.EpollErr) != 0;
        IsBroken |= breaks;
        if ((events & ReadEvents) != 0)
        {
            _canRead = true;
            Wake(ref _reader);
        }

        if ((events & WriteEvents) != 0)
        {
            _canWrite = true;
            Wake(ref _writer);
        }

        if (breaks && _partner is not null)
        {
            Wake(ref _partner._reader);
            Wake(ref _partner._writer);
        }
    }

    private static void Wake(ref Action? waiter)
    {
        var continuation = waiter;
        waiter = null;
        continuation?.Invoke();
    }

    // What a failed call means; null: try again.
    private SocketStatus? Retry(ref bool canGoOn)
    {
        var error = Libc.Error;
        switch (error)
        {
            case Libc.Interrupted:
                return null;
            case Libc.WouldBlock:
                canGoOn = false;
                return SocketStatus.WouldBlock;
            default:
                Error = error;
                return SocketStatus.Failed;
        }
    }

    /// <summary>Goes on, inline on the loop, when reading is worth a try.</summary>
    internal readonly struct Readable(EpollSocket socket) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => socket._canRead || socket._closed;

        public Readable GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => socket._reader = continuation;
    }

    /// <summary>Goes on, inline on the loop, when writing is worth a try.</summary>
    internal readonly struct Writable(EpollSocket socket) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => socket._canWrite || socket._closed;

        public Writable GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => socket._writer = continuation;
    }
}
