using Sidecar.Connections;
using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Observation.Http1;

/// <summary>
/// Pairs the requests and responses of an HTTP/1 connection. Responses come in the order of their requests (RFC 9112, 9.3). What is
/// not certain ends a direction: behind such requests only those before it get their answers, so no pair can slip.
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
    private readonly Http1RequestSide _requestSide;
    private int _queueCapacity;
    private readonly Http1Reader _requests;
    private readonly Http1Reader _responses;

    /// <param name="sink">Told of each exchange.</param>
    /// <param name="limits">What it may keep of a head.</param>
    /// <param name="memory">Charged for all that it keeps.</param>
    public Http1Observer(IExchangeSink sink, ObservationLimits limits, MemoryAccount memory)
    {
        (_sink, _memory, _heads) = (sink, memory, new MessageHeads(limits.HeadBytes, memory));
        _requestSide = new Http1RequestSide(this);
        _requests = new Http1Reader(_requestSide, readsRequests: true, _heads);
        _responses = new Http1Reader(new Http1ResponseSide(this), readsRequests: false, _heads);
        memory.Take(Cost);
    }

    /// <inheritdoc/>
    public string? Failure { get; private set; }

    /// <inheritdoc/>
    public bool IsWaiting => Upgrade is null && !IsUncertain && (_waiting.Count > 0 || _requests.HasPart || (IsRefused && Failure is null));

    /// <summary>Where the connection became HTTP/2; null unless it did.</summary>
    public Http2Upgrade? Upgrade { get; private set; }

    /// <summary>Requests whose answers are still to come, in order.</summary>
    public Queue<Exchange> Waiting => _waiting;

    /// <summary>Where heads come from.</summary>
    public MessageHeads Heads => _heads;

    /// <summary>Reads the client's side.</summary>
    public Http1Reader Requests => _requests;

    /// <summary>Reads the server's side.</summary>
    public Http1Reader Responses => _responses;

    /// <summary>What the client's side is found to be.</summary>
    public Http1RequestSide RequestSide => _requestSide;

    /// <summary>Whether the server refused a request before its head was whole. What the client sends from then on nobody can tell.</summary>
    public bool IsRefused { get; private set; }

    // Whether requests were read that may have been a body.
    private bool IsUncertain => _requests.Omitted is { IsUncertain: true };

    /// <inheritdoc/>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time)
    {
        var goesOn = direction == Direction.Request ? ReadRequests(ref bytes, time) : ReadResponses(ref bytes, time);
        Failure ??= _memory.Failure;
        return goesOn && !_memory.IsExhausted;
    }

    /// <inheritdoc/>
    public void End(Direction direction, long time) => (direction == Direction.Request ? _requests : _responses).End(time);

    /// <inheritdoc/>
    public void Close(in ConnectionEnding ending, long time)
    {
        // Of what is not whole: the response of the first that waits, the request of the last.
        if (_waiting.TryPeek(out var answering) && !answering.IsAnswered)
            answering.ResponseBytes += _responses.MessageBytes;
        if (Upgrade is { Exchange: { IsRequested: false } upgraded })
            upgraded.RequestBytes = _requests.MessageBytes;
        while (_waiting.TryDequeue(out var exchange))
        {
            if (!exchange.IsRequested)
                exchange.RequestBytes = _requests.MessageBytes;
            (exchange.Ended, exchange.Outcome) = (time, ending.OutcomeOf(exchange));
            Report(exchange);
        }

        _requests.Release();
        _responses.Release();
        _heads.Release();
        _memory.Give(Cost);
        _memory.GiveBeside(_queueCapacity * sizeof(long));
    }

    /// <summary>A direction makes no sense from here on.</summary>
    public void Fail(string why) => Failure ??= why;

    /// <summary>A request waits for its answer from now on.</summary>
    public void Enqueue(Exchange exchange)
    {
        _memory.Take(Exchange.Cost);
        _waiting.Enqueue(exchange);
        ChargeQueue();
    }

    /// <summary>Reports an exchange of which both sides have ended.</summary>
    public void EndIfWhole(Exchange exchange, long time)
    {
        exchange.Ended = time;
        if (!exchange.IsRequested || !exchange.IsAnswered)
            return;
        // The queue's first, unless the server answered an upload before its end and the client goes on with it.
        Dequeue();
        Report(exchange);
    }

    /// <summary>The server answers with an error although no request has come, or only a part of one's head: what is known of it.</summary>
    public Exchange BeginRefused(MessageHead answer, long started)
    {
        var bytes = _requests.MessageBytes;
        var part = _requests.TakePart();
        IsRefused |= part is not null;
        if (part is null)
        {
            part = _heads.Rent();
            part.Version = answer.Version;
        }

        // Its times are those of what is known: there was no end of a head.
        var exchange = new Exchange(part, bytes > 0 ? _requests.Started : started, started) { RequestBytes = bytes, IsRequested = true };
        Enqueue(exchange);
        return exchange;
    }

    /// <summary>The server has agreed to HTTP/2.</summary>
    /// <returns>Whether that makes sense.</returns>
    public bool TryBeginHttp2(Http2Upgrade upgrade)
    {
        // Whatever else was asked would have to be answered before (RFC 7540, 3.2).
        if (_waiting.Count > 1)
        {
            Fail("an upgrade to h2c while other requests wait");
            return false;
        }

        Upgrade = upgrade;
        return true;
    }

    /// <summary>Hands over the exchange of the <see cref="Upgrade"/>, whose request may still be on its way; until then it is reported with the others.</summary>
    public Exchange TakeUpgraded()
    {
        var exchange = Upgrade!.Exchange;
        Dequeue();
        _memory.Give(Exchange.Cost);
        _heads.Return(exchange.Response);
        exchange.Response = null;
        return exchange;
    }

    private void Report(Exchange exchange)
    {
        _sink.OnExchange(exchange);
        _heads.Return(exchange.Request);
        _heads.Return(exchange.Response);
        _memory.Give(Exchange.Cost);
    }

    private bool ReadRequests(ref ReadOnlySpan<byte> bytes, long time)
    {
        if (_requests.Read(ref bytes, time))
            return true;
        Failure ??= _requests.Failure;
        _requestSide.EndCurrent(time);
        return false;
    }

    private bool ReadResponses(ref ReadOnlySpan<byte> bytes, long time)
    {
        var goesOn = _responses.Read(ref bytes, time);
        Failure ??= _responses.Failure;
        // Behind requests that make no sense all that are certain may have been answered.
        return goesOn && (Failure is null || IsWaiting);
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
        _memory.TakeBeside(capacity * sizeof(long));
        _memory.GiveBeside(_queueCapacity * sizeof(long));
        _queueCapacity = capacity;
    }
}
