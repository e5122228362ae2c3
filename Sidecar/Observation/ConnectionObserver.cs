using Sidecar.Observation.Http1;
using Sidecar.Observation.Http2;
using Sidecar.Observation.Memory;
using Sidecar.Relay;

namespace Sidecar.Observation;

/// <summary>Why a connection could not be observed, or not to its end; in metrics in snake case.</summary>
internal enum Unobservable
{
    /// <summary>It speaks nothing that is known.</summary>
    UnknownProtocol,

    /// <summary>It stopped making sense as HTTP/1.</summary>
    Http1,

    /// <summary>It stopped making sense as HTTP/2.</summary>
    Http2,

    /// <summary>A bug of the sidecar; the log has the exception.</summary>
    InternalError,

    /// <summary>There was no memory for it, or it held most of all when there was none for others.</summary>
    Memory,
}

/// <summary>Who is told what one connection is found to do.</summary>
internal interface IConnectionWatcher : IExchangeSink
{
    /// <summary>From here on the connection is only relayed. Told once at most.</summary>
    /// <param name="reason">For the metric.</param>
    /// <param name="detail">In words.</param>
    public void OnUnobservable(Unobservable reason, string detail);

    /// <summary>An observer threw: it is not called again, and the connection goes on.</summary>
    public void OnBug(Exception bug);

    /// <summary>Has something run soon: on the thread that feeds the observer if it is always the same, else on any.</summary>
    public void Post(SendOrPostCallback call, object state);
}

/// <summary>
/// Watches one connection as its bytes pass: finds out what it speaks and hands over to that protocol's observer. Nothing it meets
/// reaches the relay. Each direction may be fed by a thread of its own, unless it is told otherwise.
/// </summary>
/// <param name="watcher">Told of what is found.</param>
/// <param name="limits">What may be kept of a head.</param>
/// <param name="memory">What may be kept of all connections.</param>
/// <param name="time">The clock.</param>
/// <param name="isOfOneThread">Whether one thread feeds both directions, which then need no lock.</param>
internal sealed class ConnectionObserver(
    IConnectionWatcher watcher, ObservationLimits limits, ObservationMemory memory, TimeProvider time, bool isOfOneThread = false) : IMemoryHolder
{
    /// <summary>What one costs with its account, before the protocol is known.</summary>
    public const int Cost = 512;


    private readonly Lock? _lock = isOfOneThread ? null : new Lock();
    private FirstBytes? _ofClient;
    private FirstBytes? _ofServer;
    private IProtocolObserver? _protocol;
    private MemoryAccount? _account;
    private bool _isOver;

    private delegate void Step(ConnectionObserver observer, Direction direction, ReadOnlySpan<byte> bytes, long now);

    /// <summary>Bytes that pass, before their reader can have them.</summary>
    public void Read(Direction direction, ReadOnlySpan<byte> bytes) => Run(direction, bytes, static (observer, direction, bytes, now) =>
    {
        if (observer._protocol is not null || observer.Detect(direction, ref bytes, now))
            observer.Feed(direction, bytes, now);
    });

    /// <summary>A direction has ended in order.</summary>
    public void End(Direction direction) => Run(direction, [], static (observer, direction, _, now) => observer._protocol?.End(direction, now));

    /// <summary>The connection is over; the last call.</summary>
    public void Close(RelayEndReason reason) => Run(default, [], (observer, _, _, now) => observer.Stop(OutcomeOf(reason), now));

    /// <inheritdoc/>
    public void LetGo() => watcher.Post(
        static self => ((ConnectionObserver)self!).Run(default, [], static (observer, _, _, now) => observer.GiveUpForLack(now)), this);

    private static ExchangeOutcome OutcomeOf(RelayEndReason reason) => reason switch
    {
        RelayEndReason.Completed => ExchangeOutcome.Completed,
        RelayEndReason.ClientReset => ExchangeOutcome.ClientReset,
        RelayEndReason.UpstreamReset => ExchangeOutcome.ServerReset,
        RelayEndReason.IdleTimeout or RelayEndReason.HalfClosedTimeout => ExchangeOutcome.Timeout,
        _ => ExchangeOutcome.Unmatched,
    };

    private void Run(Direction direction, ReadOnlySpan<byte> bytes, Step step)
    {
        // Without the lock: what is only relayed shall cost nothing.
        if (Volatile.Read(ref _isOver))
            return;
        _lock?.Enter();
        try
        {
            if (!_isOver)
                step(this, direction, bytes, time.GetTimestamp());
        }
        catch (Exception bug)
        {
            // An OutOfMemoryException too: the observation is what can be done without.
            (_isOver, _protocol) = (true, null);
            _account?.Close(forLack: bug is OutOfMemoryException);
            watcher.OnBug(bug);
        }
        finally
        {
            _lock?.Exit();
        }
    }

    // False as long as the first bytes do not tell, or tell that nothing can be observed.
    private bool Detect(Direction direction, ref ReadOnlySpan<byte> bytes, long now)
    {
        if (_account is null)
            Open();
        ref var first = ref direction == Direction.Request ? ref _ofClient : ref _ofServer;
        Span<byte> joined = stackalloc byte[ProtocolDetection.Enough];
        var seen = first is null ? bytes : first.JoinedWith(bytes, joined);
        switch (direction == Direction.Request ? ProtocolDetection.OfClient(seen) : ProtocolDetection.OfServer(seen))
        {
            case DetectedProtocol.Undecided:
                (first ??= new FirstBytes(now)).Keep(bytes);
                return false;
            case DetectedProtocol.Unknown:
                GiveUp(Unobservable.UnknownProtocol, direction == Direction.Request ? "the client's first bytes are of no known protocol" : "the server speaks first", now);
                return false;
            case DetectedProtocol.Http1:
                _protocol = new Http1Observer(watcher, limits, _account!);
                break;
            default:
                _protocol = new Http2Observer(watcher, limits, _account!);
                break;
        }

        Replay(Direction.Request, _ofClient);
        Replay(Direction.Response, _ofServer);
        (_ofClient, _ofServer) = (null, null);
        return !_isOver;
    }

    // Only now, for what is never read costs next to nothing.
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
        var goesOn = _protocol!.Read(direction, ref bytes, now);
        if (_account!.IsExhausted)
        {
            GiveUpForLack(now);
            return;
        }

        if (goesOn)
            return;
        if (_protocol.Failure is { } failure)
        {
            GiveUp(_protocol is Http1Observer ? Unobservable.Http1 : Unobservable.Http2, failure, now);
        }
        else if (_protocol is Http1Observer { Upgrade: { } upgrade })
        {
            _protocol.Close(ExchangeOutcome.Unmatched, now);
            var http2 = new Http2Observer(watcher, limits, _account!);
            _protocol = http2;
            http2.Upgrade(upgrade.Exchange, upgrade.Settings, now);
            Feed(direction, bytes, now);
        }
        else
        {
            Stop(ExchangeOutcome.Unmatched, now);
        }
    }

    private void GiveUpForLack(long now)
    {
        Stop(ExchangeOutcome.Unmatched, now, forLack: true);
        watcher.OnUnobservable(Unobservable.Memory, $"no memory is left of the {memory.Limit} bytes for observation (observation.memory)");
    }

    private void GiveUp(Unobservable reason, string detail, long now)
    {
        Stop(ExchangeOutcome.Unmatched, now);
        watcher.OnUnobservable(reason, detail);
    }

    private void Stop(ExchangeOutcome outcome, long now, bool forLack = false)
    {
        Volatile.Write(ref _isOver, true);
        _protocol?.Close(outcome, now);
        _protocol = null;
        _account?.Close(forLack);
    }

    /// <summary>What one side sent before the protocol was known.</summary>
    private sealed class FirstBytes(long time)
    {
        private readonly byte[] _bytes = new byte[ProtocolDetection.Enough];
        private int _length;

        public long Time => time;

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

        // Fewer than are enough, or there would be a decision.
        public void Keep(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_bytes.AsSpan(_length));
            _length += bytes.Length;
        }

        public ReadOnlySpan<byte> JoinedWith(ReadOnlySpan<byte> next, Span<byte> buffer)
        {
            Bytes.CopyTo(buffer);
            var count = Math.Min(next.Length, buffer.Length - _length);
            next[..count].CopyTo(buffer[_length..]);
            return buffer[..(_length + count)];
        }
    }
}
