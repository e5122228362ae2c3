using Sidecar.Connections;
using Sidecar.Observation.Memory;
using Sidecar.Options;

namespace Sidecar.Observation.Http1;

/// <summary>
/// Pairs the requests and responses of an HTTP/1 connection. Responses come in the order of their requests (RFC 9112, 9.3). A doubtful
/// request ends the observation of its direction: only earlier requests get their responses, so no pair can be wrong.
/// </summary>
internal sealed class Http1Observer : IProtocolObserver
{
    /// <summary>Bytes that an observer and its readers use, without an exchange.</summary>
    public const int Cost = 1024;

    // A longer queue, after a burst, is released when the burst is over.
    private const int UsualQueue = 64;

    private readonly IExchangeSink _sink;
    private readonly MessageHeads _heads;
    private readonly MemoryAccount _memory;
    private readonly Queue<Exchange> _waiting = new();
    private readonly Http1RequestSide _requestSide;
    private int _queueCapacity;
    private readonly Http1Reader _requests;
    private readonly Http1Reader _responses;

    /// <param name="sink">Gets each exchange.</param>
    /// <param name="limits">Limits for the kept part of a head.</param>
    /// <param name="memory">Charged for all that the observer keeps.</param>
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

    /// <summary>The upgrade by which the connection became HTTP/2; null if it did not.</summary>
    public Http2Upgrade? Upgrade { get; private set; }

    /// <summary>Requests that wait for their responses, in order.</summary>
    public Queue<Exchange> Waiting => _waiting;

    /// <summary>The source of empty heads.</summary>
    public MessageHeads Heads => _heads;

    /// <summary>Reads the client's side.</summary>
    public Http1Reader Requests => _requests;

    /// <summary>Reads the server's side.</summary>
    public Http1Reader Responses => _responses;

    /// <summary>Gets the client's messages.</summary>
    public Http1RequestSide RequestSide => _requestSide;

    /// <summary>Whether the server refused a request before its head was complete. The client's later bytes cannot be understood.</summary>
    public bool IsRefused { get; private set; }

    // Whether bytes were read as requests that could have been a body.
    private bool IsUncertain => _requests.Omitted is { IsUncertain: true };

    /// <inheritdoc/>
    public bool Read(Direction direction, ref ReadOnlySpan<byte> bytes, long time)
    {
        var goesOn = direction == Direction.Request ? ReadRequests(ref bytes, time) : ReadResponses(ref bytes, time);
        Failure ??= _memory.Failure;
        return goesOn && !_memory.IsExhausted;
    }

    /// <inheritdoc/>
    public bool Skip(Direction direction, long count, long time) => (direction == Direction.Request ? _requests : _responses).TrySkip(count, time);

    /// <inheritdoc/>
    public void End(Direction direction, long time) => (direction == Direction.Request ? _requests : _responses).End(time);

    /// <inheritdoc/>
    public void Close(in ConnectionEnding ending, long time)
    {
        // For incomplete exchanges: the response of the first that waits, and the request of the last.
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

    /// <summary>One direction cannot be understood from here on.</summary>
    public void Fail(string why) => Failure ??= why;

    /// <summary>Whether a request came before the response to an earlier one.</summary>
    public bool HasPipelined { get; private set; }

    /// <summary>A request waits for its response from now on.</summary>
    public void Enqueue(Exchange exchange)
    {
        HasPipelined |= _waiting.Count > 0;
        _memory.Take(Exchange.Cost);
        _waiting.Enqueue(exchange);
        ChargeQueue();
    }

    /// <summary>Reports an exchange if both sides have ended.</summary>
    public void EndIfWhole(Exchange exchange, long time)
    {
        exchange.Ended = time;
        if (!exchange.IsRequested || !exchange.IsAnswered)
            return;
        // The first of the queue, unless the server answered an upload early and the client continues it.
        Dequeue();
        Report(exchange);
    }

    /// <summary>
    /// The server answers with an error although no request has come, or only a part of a head; the request has what is known of it.
    /// </summary>
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

        // Its times are those that are known, because the head had no end.
        var exchange = new Exchange(part, bytes > 0 ? _requests.Started : started, started) { RequestBytes = bytes, IsRequested = true };
        Enqueue(exchange);
        return exchange;
    }

    /// <summary>The server has agreed to HTTP/2.</summary>
    /// <returns>Whether that is valid.</returns>
    public bool TryBeginHttp2(Http2Upgrade upgrade)
    {
        // Earlier requests would have to be answered before it (RFC 7540, 3.2).
        if (_waiting.Count > 1)
        {
            Fail("an upgrade to h2c while other requests wait");
            return false;
        }

        Upgrade = upgrade;
        return true;
    }

    /// <summary>
    /// Gives away the exchange of the <see cref="Upgrade"/>; its request may not be complete. Until then it is reported with the others.
    /// </summary>
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
        // Earlier requests can still get their responses, even after a request that cannot be understood.
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
