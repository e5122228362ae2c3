using Sidecar.Connections;
using Sidecar.Observation.Http1;
using Sidecar.Observation.Http2;
using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Observation;

/// <summary>
/// Watches one connection: detects its protocol and continues with that protocol's observer. A caller (a relay, or a reader of captured
/// packets) gives it the bytes that pass, their times, and the end. It never throws to the caller. Each direction can have its own
/// thread, unless <paramref name="isOfOneThread"/> says otherwise.
/// </summary>
/// <param name="watcher">Gets the results.</param>
/// <param name="limits">Limits for the kept part of a head.</param>
/// <param name="memory">The memory budget of all connections.</param>
/// <param name="clock">The clock of the given times.</param>
/// <param name="isOfOneThread">Whether one thread calls for both directions; then no lock is needed.</param>
internal sealed class ConnectionObserver(
    IConnectionWatcher watcher, ObservationLimits limits, ObservationMemory memory, TimeProvider clock, bool isOfOneThread = false) : IMemoryHolder
{
    /// <summary>Bytes that an observer and its account use, before the protocol is known.</summary>
    public const int Cost = 512;

    private readonly Lock? _lock = isOfOneThread ? null : new Lock();
    private Side _client;
    private Side _server;
    private Direction? _firstEnded;
    private ObservationFault? _fault;
    private MemoryAccount? _account;
    private bool _isOver;
    private long _last;

    /// <summary>Whether it needs no more bytes.</summary>
    public bool IsOver => Volatile.Read(ref _isOver);

    private delegate void Step(ConnectionObserver observer, Direction direction, ReadOnlySpan<byte> bytes, long now);

    /// <summary>Bytes pass. The bytes of a request come before those of its response.</summary>
    /// <param name="direction">Their direction.</param>
    /// <param name="bytes">In pieces of any size.</param>
    /// <param name="now">Their time: a timestamp of the clock.</param>
    public void Read(Direction direction, ReadOnlySpan<byte> bytes, long now) => Run(direction, bytes, now, static (observer, direction, bytes, now) =>
    {
        if (observer._client.Protocol is not null || observer.Detect(direction, ref bytes, now))
            observer.Feed(direction, bytes, now);
    });

    /// <summary>Whether it has found HTTP/2.</summary>
    public bool IsHttp2 { get; private set; }

    /// <summary>Whether a request of HTTP/1 came before the response to an earlier one; known when it is over.</summary>
    public bool HasPipelined { get; private set; }

    /// <summary>Bytes passed that the caller has not seen. Unless all are of a body, the bytes after them cannot be understood any more.</summary>
    public void Gap(Direction direction, long count, long now) => Run(direction, [], now, (observer, direction, _, now) =>
    {
        ref var side = ref observer.Of(direction);
        if (side.Protocol is { } protocol && !side.IsOver && protocol.Skip(direction, count, now))
            side.Passed += count;
        else
            observer.GiveUp(Unobservable.Gap, $"{count} bytes were not seen", direction, now);
    });

    /// <summary>A direction has ended in order.</summary>
    public void End(Direction direction, long now) => Run(direction, [], now, static (observer, direction, _, now) =>
    {
        observer._firstEnded ??= direction;
        observer.Of(direction).Protocol?.End(direction, now);
    });

    /// <summary>The connection has ended; the last call.</summary>
    /// <param name="cause">The cause of the end; <see cref="ExchangeOutcome.Completed"/> if it ended in order.</param>
    /// <param name="now">Its time.</param>
    public void Close(ExchangeOutcome cause, long now) => Run(default, [], now, (observer, _, _, now) => observer.Stop(new(cause, observer._firstEnded), now));

    /// <inheritdoc/>
    public void LetGo() => watcher.Post(static self => ((ConnectionObserver)self!).GiveUpForLack(), this);

    private ref Side Of(Direction direction) => ref direction == Direction.Request ? ref _client : ref _server;

    // No bytes have passed since the last call.
    private void GiveUpForLack() => Run(default, [], Volatile.Read(ref _last), static (observer, _, _, now) => observer.GiveUpForLack(now));

    private void Run(Direction direction, ReadOnlySpan<byte> bytes, long now, Step step)
    {
        // Without the lock, so that a connection that is only relayed has no cost.
        if (IsOver)
            return;
        _lock?.Enter();
        try
        {
            if (_isOver)
                return;
            Volatile.Write(ref _last, now);
            step(this, direction, bytes, now);
        }
        catch (Exception bug)
        {
            // An OutOfMemoryException too, because the connection can do without its observation.
            (_isOver, _client, _server) = (true, default, default);
            _account?.Close(forLack: bug is OutOfMemoryException);
            watcher.OnBug(bug);
        }
        finally
        {
            _lock?.Exit();
        }
    }

    // False while the first bytes do not decide it, or if nothing can be observed.
    private bool Detect(Direction direction, ref ReadOnlySpan<byte> bytes, long now)
    {
        if (_account is null)
            Open();
        ref var first = ref Of(direction).First;
        Span<byte> joined = stackalloc byte[ProtocolDetection.Enough];
        var seen = first is null ? bytes : first.JoinedWith(bytes, joined);
        switch (direction == Direction.Request ? ProtocolDetection.OfClient(seen) : ProtocolDetection.OfServer(seen))
        {
            case DetectedProtocol.Undecided:
                (first ??= new FirstBytes(now)).Keep(bytes);
                return false;
            case DetectedProtocol.Unknown:
                GiveUp(Unobservable.UnknownProtocol, direction == Direction.Request ? "the client's first bytes are of no known protocol" : "the server speaks first", direction, now);
                return false;
            case DetectedProtocol.Http1:
                _client.Protocol = _server.Protocol = new Http1Observer(watcher, limits, _account!);
                break;
            default:
                IsHttp2 = true;
                _client.Protocol = _server.Protocol = new Http2Observer(watcher, limits, _account!, clock);
                break;
        }

        var (ofClient, ofServer) = (_client.First, _server.First);
        _client.First = _server.First = null;
        Replay(Direction.Request, ofClient);
        Replay(Direction.Response, ofServer);
        return !_isOver;
    }

    // Only now, so that a connection without bytes costs almost nothing.
    private void Open()
    {
        _account = memory.Open(this, isOfOneThread);
        _account.Take(Cost);
    }

    private void Replay(Direction direction, FirstBytes? first)
    {
        if (first is not null && !_isOver)
            Feed(direction, first.Bytes, first.Time);
    }

    private void Feed(Direction direction, ReadOnlySpan<byte> bytes, long now)
    {
        ref var side = ref Of(direction);
        if (side.IsOver)
            return;
        var length = bytes.Length;
        var goesOn = side.Protocol!.Read(direction, ref bytes, now);
        side.Passed += length - bytes.Length;
        if (_account!.IsExhausted)
            GiveUpForLack(now);
        else if (!goesOn)
            EndSide(direction, bytes, now);
    }

    private void EndSide(Direction direction, ReadOnlySpan<byte> rest, long now)
    {
        ref var side = ref Of(direction);
        var protocol = side.Protocol!;
        if (protocol is Http1Observer { Upgrade: { } upgrade, Failure: null } http1)
        {
            GoOnAsHttp2(direction, http1, upgrade, rest, now);
            return;
        }

        side.IsOver = true;
        if (protocol.Failure is { } rule)
            _fault ??= new ObservationFault(protocol is Http1Observer ? Unobservable.Http1 : Unobservable.Http2, rule, direction, side.Passed);
        if (direction == Direction.Response || !protocol.IsWaiting)
            Stop(new(_fault is null ? ExchangeOutcome.Completed : ExchangeOutcome.Unmatched), now);
    }

    // The request that asked for the upgrade can continue as HTTP/1 for a while (RFC 7540, 3.2), so each direction changes by itself.
    private void GoOnAsHttp2(Direction direction, Http1Observer http1, Http2Upgrade upgrade, ReadOnlySpan<byte> rest, long now)
    {
        IsHttp2 = true;
        if (direction == Direction.Response)
            _server.Protocol = new Http2Observer(watcher, limits, _account!, clock);
        var http2 = (Http2Observer)_server.Protocol!;
        if (direction == Direction.Response)
            http2.Upgrade(http1.TakeUpgraded(), upgrade.Settings, now);
        if (upgrade.Exchange.IsRequested)
        {
            http1.Close(new(ExchangeOutcome.Unmatched), now);
            _client.Protocol = http2;
            http2.EndUpgradedRequest(now);
        }

        if (http2.Failure is { } failure)
            GiveUp(Unobservable.Http2, failure, direction, now);
        else
            Feed(direction, rest, now);
    }

    private void GiveUp(Unobservable reason, string rule, Direction direction, long now)
    {
        _fault ??= new ObservationFault(reason, rule, direction, Of(direction).Passed);
        Stop(new(ExchangeOutcome.Unmatched), now);
    }

    private void GiveUpForLack(long now)
    {
        _fault ??= new ObservationFault(Unobservable.Memory, $"no memory is left of the {memory.Limit} bytes for observation (observation.memory)", Direction: null, Offset: null);
        Stop(new(ExchangeOutcome.Unmatched), now, forLack: true);
    }

    private void Stop(in ConnectionEnding ending, long now, bool forLack = false)
    {
        Volatile.Write(ref _isOver, true);
        HasPipelined = _client.Protocol is Http1Observer { HasPipelined: true };
        _client.Protocol?.Close(ending, now);
        if (_server.Protocol != _client.Protocol)
            _server.Protocol?.Close(ending, now);
        (_client, _server) = (default, default);
        _account?.Close(forLack);
        if (_fault is not null)
            watcher.OnUnobservable(_fault);
    }

    /// <summary>The state of one side.</summary>
    private struct Side
    {
        public FirstBytes? First;
        public IProtocolObserver? Protocol;

        /// <summary>Bytes that were read.</summary>
        public long Passed;

        /// <summary>Whether nothing more of it can be observed.</summary>
        public bool IsOver;
    }
}
