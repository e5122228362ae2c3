using Sidecar.Observation.Http1;
using Sidecar.Observation.Http2;
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
}

/// <summary>
/// Watches one connection as its bytes pass: finds out what it speaks and hands over to that protocol's observer. Nothing it meets
/// reaches the relay. Each direction may be fed by a thread of its own, unless it is told otherwise.
/// </summary>
/// <param name="watcher">Told of what is found.</param>
/// <param name="limits">What it may cost.</param>
/// <param name="time">The clock.</param>
/// <param name="isOfOneThread">Whether one thread feeds both directions, which then need no lock.</param>
internal sealed class ConnectionObserver(IConnectionWatcher watcher, ObservationLimits limits, TimeProvider time, bool isOfOneThread = false)
{
    private readonly Lock? _lock = isOfOneThread ? null : new Lock();
    private FirstBytes? _ofClient;
    private FirstBytes? _ofServer;
    private IProtocolObserver? _protocol;
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
            (_isOver, _protocol) = (true, null);
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
                _protocol = new Http1Observer(watcher, limits);
                break;
            default:
                _protocol = new Http2Observer(watcher, limits);
                break;
        }

        Replay(Direction.Request, _ofClient);
        Replay(Direction.Response, _ofServer);
        (_ofClient, _ofServer) = (null, null);
        return !_isOver;
    }

    private void Replay(Direction direction, FirstBytes? first)
    {
        if (first is not null && !_isOver)
            Feed(direction, first.Bytes, first.Time);
    }

    private void Feed(Direction direction, ReadOnlySpan<byte> bytes, long now)
    {
        if (_protocol!.Read(direction, ref bytes, now))
            return;
        if (_protocol.Failure is { } failure)
        {
            GiveUp(_protocol is Http1Observer ? Unobservable.Http1 : Unobservable.Http2, failure, now);
        }
        else if (_protocol is Http1Observer { Upgrade: { } upgrade })
        {
            _protocol.Close(ExchangeOutcome.Unmatched, now);
            var http2 = new Http2Observer(watcher, limits);
            _protocol = http2;
            http2.Upgrade(upgrade.Exchange, upgrade.Settings, now);
            Feed(direction, bytes, now);
        }
        else
        {
            Stop(ExchangeOutcome.Unmatched, now);
        }
    }

    private void GiveUp(Unobservable reason, string detail, long now)
    {
        Stop(ExchangeOutcome.Unmatched, now);
        watcher.OnUnobservable(reason, detail);
    }

    private void Stop(ExchangeOutcome outcome, long now)
    {
        Volatile.Write(ref _isOver, true);
        _protocol?.Close(outcome, now);
        _protocol = null;
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
