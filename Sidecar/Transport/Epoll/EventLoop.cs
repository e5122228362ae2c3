using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Transport.Epoll;

/// <summary>An event loop calls it when a descriptor is ready.</summary>
internal interface ILoopHandler
{
    /// <summary>Handles epoll's events of one turn.</summary>
    public void OnEvents(uint events);

    /// <summary><see cref="OnEvents"/> threw. Its events come only once, so they are lost. This call must not need memory.</summary>
    public void OnFailed();
}

/// <summary>
/// One thread that waits for the events of its descriptors and runs everything that belongs to them: handlers, timers and the
/// stages of its connections. Only <see cref="Post"/> and <see cref="Enter"/> may be called from elsewhere.
/// </summary>
internal sealed unsafe partial class EventLoop : IDisposable
{
    /// <summary>Bytes of the loop's buffer, so of the largest read. A bulk stream costs a third less with 256 KB than with 64.</summary>
    public const int ScratchSize = 256 * 1024;

    // Most events in one turn; more stay ready for the next turn.
    private const int MaxEvents = 256;

    [ThreadStatic]
    private static EventLoop? _current;

    private readonly ILogger _logger;
    private readonly int _epoll;
    private readonly int _wakeEvent;
    private readonly Thread _thread;
    private readonly HandlerTable _handlers = new();
    private readonly ConcurrentQueue<(SendOrPostCallback Call, object? State)> _posted = new();
    private readonly Queue<Action> _deferred = new();
    private readonly Lock _wakeLock = new();
    private int _wakeRequested;
    private int _connections;
    private long _unreported;
    private YieldHabit _yields;
    private volatile bool _stopping;
    private bool _isGone;

    public EventLoop(int number, ILogger logger)
    {
        _logger = logger;
        _epoll = Check(Libc.CreateEpoll(Libc.CloseOnExec), "epoll_create1");
        _wakeEvent = Check(Libc.CreateEvent(0, Libc.NonBlocking | Libc.CloseOnExec), "eventfd");
        // With edge triggering each write causes an event, so the descriptor is never read.
        Register(_wakeEvent, new WakeHandler(), Libc.EpollIn | Libc.EpollEdge);
        _thread = new Thread(Run) { Name = $"event loop {number}", IsBackground = true };
    }

    /// <summary>The loop of the calling thread; null on other threads.</summary>
    public static EventLoop? Current => _current;

    /// <summary>The loop's clock and timers.</summary>
    public LoopTimers Timers { get; } = new();

    /// <summary>Holds the bytes of one read until they are sent, within one turn.</summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>The number of connections that it serves, for balancing; a recent value.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The number of handler failures that could not be logged.</summary>
    public long Unreported => Interlocked.Read(ref _unreported);

    public void Start() => _thread.Start();

    /// <summary>Adds connections to those that the loop serves, or removes them. Any thread may call it.</summary>
    public void CountConnections(int change) => Interlocked.Add(ref _connections, change);

    /// <summary>Ends the thread after its current turn, and waits for it. A later <see cref="Post"/> never runs.</summary>
    public void Dispose()
    {
        _stopping = true;
        Wake();
        if (_thread.IsAlive)
            _thread.Join();
        lock (_wakeLock)
        {
            _isGone = true;
            _ = Libc.Close(_wakeEvent);
        }

        _ = Libc.Close(_epoll);
    }

    /// <summary>Makes the loop call back in its next turn. Any thread may call it.</summary>
    public void Post(SendOrPostCallback call, object? state)
    {
        _posted.Enqueue((call, state));
        if (_current != this && Interlocked.Exchange(ref _wakeRequested, 1) == 0)
            Wake();
    }

    /// <summary><c>await loop.Enter()</c> continues on the loop's thread: at once if it is the caller's, otherwise next turn.</summary>
    public LoopEntry Enter() => new(this);

    /// <summary>Completes after a time, by the clock of the loop.</summary>
    public Task Delay(TimeSpan time) => Task.Delay(time, Timers);

    /// <summary>Registers a descriptor for its life and returns the slot for <see cref="Unregister(int)"/>.</summary>
    /// <exception cref="IOException">The kernel refuses: it has no memory, or fs.epoll.max_user_watches is reached.</exception>
    public int Register(int descriptor, ILoopHandler handler, uint events)
    {
        var (slot, token) = _handlers.Add(handler);
        var interest = stackalloc byte[EpollEvents.Size];
        EpollEvents.Write(interest, events, token);
        if (Libc.ControlEpoll(_epoll, Libc.EpollAdd, descriptor, interest) == 0)
            return slot;
        _handlers.Remove(slot);
        throw new IOException($"epoll_ctl: {Libc.Describe(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>Stops the handling of a registration's events, also of reported ones. Closing the descriptor does the rest.</summary>
    public void Unregister(int slot) => _handlers.Remove(slot);

    /// <summary>Ends the registration of a descriptor that stays open.</summary>
    public void Unregister(int slot, int descriptor)
    {
        Unregister(slot);
        // Fails only when another loop has closed the descriptor, which also ends the registration.
        _ = Libc.ControlEpoll(_epoll, Libc.EpollDelete, descriptor, null);
    }

    /// <summary>Calls back in the next turn, after the events of descriptors.</summary>
    public void Defer(Action action) => _deferred.Enqueue(action);

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call}: {Libc.Describe(Marshal.GetLastPInvokeError())}");

    private void Wake()
    {
        ulong one = 1;
        lock (_wakeLock)
        {
            // After the end, the descriptor's number may belong to another file.
            if (!_isGone)
                _ = Libc.Write(_wakeEvent, &one, sizeof(ulong));
        }
    }

    private void Run()
    {
        _current = this;
        var events = (byte*)NativeMemory.Alloc((nuint)(MaxEvents * EpollEvents.Size));
        for (var count = 0; !_stopping;)
        {
            count = WaitForEvents(events, afterWork: count > 0);
            Timers.BeginTurn();
            for (var i = 0; i < count; i++)
                Dispatch(events + (i * EpollEvents.Size));
            RunPosted();
            RunDeferred();
            RunTimers();
        }

        NativeMemory.Free(events);
    }

    private int WaitForEvents(byte* events, bool afterWork)
    {
        var isBusy = _deferred.Count > 0 || !_posted.IsEmpty;
        if (afterWork && !isBusy && _yields.IsWorthATry())
        {
            _ = Libc.Yield();
            var count = Wait(events, timeout: 0);
            _yields.Note(count > 0);
            if (count > 0)
                return count;
        }

        return Wait(events, isBusy ? 0 : Timers.MillisecondsToNext());
    }

    private int Wait(byte* events, int timeout)
    {
        var count = Libc.Wait(_epoll, events, MaxEvents, timeout);
        if (count < 0 && Marshal.GetLastPInvokeError() != Libc.Interrupted)
            Environment.FailFast($"epoll_wait: {Libc.Describe(Marshal.GetLastPInvokeError())}");
        return count;
    }

    private void Dispatch(byte* reported)
    {
        if (_handlers.Find(EpollEvents.Token(reported)) is not { } handler)
            return;
        try
        {
            handler.OnEvents(EpollEvents.Events(reported));
        }
        catch (Exception bug)
        {
            Report(bug);
            Abandon(handler);
        }
    }

    private void Abandon(ILoopHandler handler)
    {
        try
        {
            handler.OnFailed();
        }
        catch (Exception bug)
        {
            // A callback that waited for the handler failed.
            Report(bug);
        }
    }

    private void RunPosted()
    {
        Interlocked.Exchange(ref _wakeRequested, 0);
        // Calls that are posted during this loop wait for the next turn, after the sockets.
        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var work); left--)
            Guard(work.Call, work.State);
    }

    private void RunDeferred()
    {
        for (var left = _deferred.Count; left > 0; left--)
            Guard(static action => ((Action)action!)(), _deferred.Dequeue());
    }

    private void RunTimers()
    {
        while (Timers.TakeDue() is { } timer)
            Guard(static due => ((LoopTimer)due!).Call(), timer);
    }

    private void Guard(SendOrPostCallback call, object? state)
    {
        try
        {
            call(state);
        }
        catch (Exception bug)
        {
            Report(bug);
        }
    }

    private void Report(Exception bug)
    {
        try
        {
            Log.Bug(_logger, bug);
        }
        catch (Exception)
        {
            // The text of an exception can come from a user's code. If that code fails, the loop must not end.
            ReportWithoutWords(bug);
        }
    }

    private void ReportWithoutWords(Exception bug)
    {
        try
        {
            Log.WordlessBug(_logger, bug.GetType().Name);
        }
        catch (Exception)
        {
            // There is not even memory for a log line; the loop continues with the memory that is left.
            Interlocked.Increment(ref _unreported);
        }
    }

    /// <summary>Continues on the loop.</summary>
    internal readonly struct LoopEntry(EventLoop loop) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => _current == loop;

        public LoopEntry GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => loop.Post(static action => ((Action)action!)(), continuation);
    }

    private sealed class WakeHandler : ILoopHandler
    {
        public void OnEvents(uint events)
        {
            // The event has woken the loop, which now runs the posted calls.
        }

        public void OnFailed()
        {
            // No event is lost.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Error, "A handler of an event loop failed")]
        public static partial void Bug(ILogger logger, Exception bug);

        [LoggerMessage(39, LogLevel.Error, "A handler of an event loop failed with {Type}, which cannot say why")]
        public static partial void WordlessBug(ILogger logger, string type);
    }
}
