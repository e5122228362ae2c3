namespace Sidecar.Observation.Http1;

/// <summary>Gets the client's messages: each is a request that waits for its response.</summary>
/// <param name="observer">The connection's observer.</param>
internal sealed class Http1RequestSide(Http1Observer observer) : Http1Receiver
{
    private Exchange? _current;
    private bool _awaitsContinue;

    /// <inheritdoc/>
    public override BodyEnd? OnHead(MessageHead head, in BodyFraming framing, long started, long time)
    {
        _current = new Exchange(head, started, time);
        observer.Enqueue(_current);
        var end = framing.OfRequest();
        _awaitsContinue = framing.ExpectsContinue && head.Version == HttpVersion.Http11 && end != BodyEnd.AtOnce;
        if (framing.DisputeOf(head.Version) is not { } dispute)
            return end;
        // The server has read its head and answers it next, but its end cannot be known.
        observer.Fail(dispute);
        return BodyEnd.Never;
    }

    /// <inheritdoc/>
    public override void OnEnd(long bytes, long time)
    {
        var exchange = _current!;
        _current = null;
        (exchange.RequestBytes, exchange.IsRequested) = (bytes, true);
        if (observer.Upgrade?.Exchange == exchange)
            observer.Requests.Stop();
        else
            observer.EndIfWhole(exchange, time);
    }

    /// <summary>The current request has as much of a body as can be known.</summary>
    public void EndCurrent(long time)
    {
        if (_current is not null)
            OnEnd(observer.Requests.MessageBytes, time);
    }

    /// <summary>The server wants the body.</summary>
    public void Continue() => _awaitsContinue = false;

    /// <summary>A final response has begun. A client that waits for permission can then leave its body out (RFC 9110, 10.1.1).</summary>
    public void OnAnswer(Exchange exchange, long time)
    {
        if (exchange != _current || !_awaitsContinue || !observer.Requests.IsBeforeBody)
            return;
        var bytes = observer.Requests.OmitBody(exchange);
        OnEnd(bytes, time);
    }
}
