using Sidecar.Observation.Memory;
using Sidecar.Relay;

namespace Sidecar.Observation.Http1;

/// <summary>
/// Pairs the requests and responses of an HTTP/1 connection. Responses come in the order of their requests (RFC 9112, 9.3), and
/// what is not certain ends the observation, so no pair can slip.
/// </summary>
internal sealed class Http1Observer : IProtocolObserver
{
    /// <summary>What one costs with its readers, and no exchange under way.</summary>
    public const int Cost = 1024;

    // Beyond it the queue of a burst goes when the burst is over.
    private const int UsualQueue = 64;

    private readonly IExchangeSink _sink;
    private readonly MessageHeads _heads;
    private readonly MemoryAccount _memory;
    private readonly Queue<Exchange> _waiting = new();
    private int _queueCapacity;
    private readonly Http1Reader _requests;
    private readonly Http1Reader _responses;

    /// <param name="sink">Told of each exchange.</param>
    /// <param name="limits">What it may keep of a head.</param>
    /// <param name="memory">Charged for all that it keeps.</param>
    public Http1Observer(IExchangeSink sink, ObservationLimits limits, MemoryAccount memory)
    {
        (_sink, _memory, _heads) = (sink, memory, new MessageHeads(limits.HeadBytes, memory));
        _requests = new Http1Reader(new Requests(this), readsRequests: true, _heads);
        _responses = new Http1Reader(new Responses(this), readsRequests: false, _heads);
        memory.Take(Cost);
    }

    /// <inheritdoc/>
    public string? Failure { get; private set; }

    /// <summary>Where the connection became HTTP/2; null unless it did.</summary>
    public Http2Upgrade? Upgrade { get; private set; }

    /// <inheritdoc/>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time)
    {
        var reader = direction == Direction.Request ? _requests : _responses;
        var goesOn = reader.Read(ref bytes, time);
        Failure ??= reader.Failure ?? _memory.Failure;
        return goesOn && Failure is null;
    }

    /// <inheritdoc/>
    public void End(Direction direction, long time) => (direction == Direction.Request ? _requests : _responses).End(time);

    /// <inheritdoc/>
    public void Close(ExchangeOutcome outcome, long time)
    {
        // Of what is not whole: the response of the first that waits, the request of the last.
        if (_waiting.TryPeek(out var answering) && !answering.IsAnswered)
            answering.ResponseBytes += _responses.MessageBytes;
        while (_waiting.TryDequeue(out var exchange))
        {
            if (!exchange.IsRequested)
                exchange.RequestBytes = _requests.MessageBytes;
            exchange.Abandon(outcome, time);
            Report(exchange);
        }

        _requests.Release();
        _responses.Release();
        _heads.Release();
        _memory.Give(Cost + (_queueCapacity * sizeof(long)));
    }

    private void Report(Exchange exchange)
    {
        _sink.OnExchange(exchange);
        _heads.Return(exchange.Request);
        _heads.Return(exchange.Response);
        _memory.Give(Exchange.Cost);
    }

    private void Enqueue(Exchange exchange)
    {
        _memory.Take(Exchange.Cost);
        _waiting.Enqueue(exchange);
        ChargeQueue();
    }

    private void Dequeue()
    {
        _waiting.Dequeue();
        if (_waiting.Count > 0 || _queueCapacity <= UsualQueue)
            return;
        _waiting.TrimExcess();
        ChargeQueue();
    }

    private void ChargeQueue()
    {
        var capacity = _waiting.EnsureCapacity(0);
        if (capacity == _queueCapacity)
            return;
        _memory.Take(capacity * sizeof(long));
        _memory.Give(_queueCapacity * sizeof(long));
        _queueCapacity = capacity;
    }

    private sealed class Requests(Http1Observer observer) : Http1Receiver
    {
        private Exchange? _current;

        public override BodyEnd OnHead(MessageHead head, in BodyFraming framing, long started, long time)
        {
            _current = new Exchange(head, started, time);
            observer.Enqueue(_current);
            return framing.OfRequest();
        }

        public override bool IsOver => observer.Failure is not null;

        public override void OnEnd(long bytes, long time)
        {
            var exchange = _current!;
            _current = null;
            (exchange.RequestBytes, exchange.IsRequested) = (bytes, true);
            observer.EndIfWhole(exchange, time);
        }
    }

    private void EndIfWhole(Exchange exchange, long time)
    {
        exchange.Ended = time;
        if (!exchange.IsRequested || !exchange.IsAnswered)
            return;
        // The queue's first, unless the server answered an upload before its end and the client goes on with it.
        Dequeue();
        Report(exchange);
    }

    private void BeginHttp2(Http2Upgrade upgrade)
    {
        // Whatever else was asked would have to be answered before (RFC 7540, 3.2).
        if (_waiting.Count > 1 || !upgrade.Exchange.IsRequested)
        {
            Failure = "an upgrade in the middle of a request";
            return;
        }

        Dequeue();
        _memory.Give(Exchange.Cost);
        _heads.Return(upgrade.Exchange.Response);
        upgrade.Exchange.Response = null;
        Upgrade = upgrade;
    }

    private sealed class Responses(Http1Observer observer) : Http1Receiver
    {
        public override bool IsOver => observer.Failure is not null;

        public override BodyEnd OnHead(MessageHead head, in BodyFraming framing, long started, long time)
        {
            if (!observer._waiting.TryPeek(out var exchange) || exchange.IsAnswered)
            {
                observer._heads.Return(head);
                observer.Failure = "a response that nobody asked for";
                return BodyEnd.Never;
            }

            if (exchange.Responded < 0)
                exchange.Responded = started;
            observer._heads.Return(exchange.Response);
            exchange.Response = head;
            if (head.Status == 101 && Http2Upgrade.TryRead(exchange, head) is { } upgrade)
            {
                observer.BeginHttp2(upgrade);
                return BodyEnd.Never;
            }

            if (head.Status == 101 || (head.Status is >= 200 and < 300 && exchange.Request.IsConnect))
                return BodyEnd.Never;
            return HasNoBody(head.Status, exchange.Request) ? BodyEnd.AtOnce : framing.OfResponse();
        }

        public override void OnEnd(long bytes, long time)
        {
            if (observer.Upgrade is { } upgrade)
                upgrade.Exchange.ResponseBytes += bytes;
            if (observer.Failure is not null || observer.Upgrade is not null)
                return;
            var exchange = observer._waiting.Peek();
            exchange.ResponseBytes += bytes;
            // An interim one is followed by the response proper (RFC 9110, 15.2).
            if (exchange.Response!.Status is < 200 and not 101)
                return;
            exchange.IsAnswered = true;
            observer.EndIfWhole(exchange, time);
        }

        private static bool HasNoBody(int status, MessageHead request) =>
            status is < 200 or 204 or 304 || request.IsHead;
    }
}
