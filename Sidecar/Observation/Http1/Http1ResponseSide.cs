namespace Sidecar.Observation.Http1;

/// <summary>Gets the server's messages: interim responses and final ones, for the first request that waits.</summary>
/// <param name="observer">The connection's observer.</param>
internal sealed class Http1ResponseSide(Http1Observer observer) : Http1Receiver
{
    // A server answers with such a status if it will not wait for a request, or cannot read it.
    private const int FirstError = 400;

    /// <inheritdoc/>
    public override BodyEnd? OnHead(MessageHead head, in BodyFraming framing, long started, long time)
    {
        if (!TryFindRequest(head, started, out var exchange))
        {
            observer.Heads.Return(head);
            return null;
        }

        // Of interim responses and the final one, the last counts (RFC 9110, 15.2).
        exchange.Responded = started;
        observer.Heads.Return(exchange.Response);
        exchange.Response = head;
        if (head.Status == 100)
            observer.RequestSide.Continue();
        if (head.Status == 101 && Http2Upgrade.TryRead(exchange, head) is { } upgrade)
            return observer.TryBeginHttp2(upgrade) ? BodyEnd.Never : null;
        if (head.Status >= 200)
            observer.RequestSide.OnAnswer(exchange, time);
        if (head.Status == 101 || (head.Status is >= 200 and < 300 && exchange.Request.IsConnect))
            return BodyEnd.Never;
        if (HasNoBody(head.Status, exchange.Request))
            return BodyEnd.AtOnce;
        if (framing.Fault is not { } fault)
            return framing.OfResponse();
        observer.Fail(fault);
        return null;
    }

    /// <inheritdoc/>
    public override void OnEnd(long bytes, long time)
    {
        if (observer.Upgrade is { } upgrade)
        {
            upgrade.Exchange.ResponseBytes += bytes;
            return;
        }

        var exchange = observer.Waiting.Peek();
        exchange.ResponseBytes += bytes;
        // After an interim response the final one follows (RFC 9110, 15.2).
        if (exchange.Response!.Status is < 200 and not 101)
            return;
        exchange.IsAnswered = true;
        observer.EndIfWhole(exchange, time);
        if (observer is { Failure: not null, IsWaiting: false })
            observer.Responses.Stop();
    }

    private static bool HasNoBody(int status, MessageHead request) =>
        status is < 200 or 204 or 304 || request.IsHead;

    private bool TryFindRequest(MessageHead head, long started, out Exchange exchange)
    {
        exchange = null!;
        var isKnown = observer.Waiting.TryPeek(out var first);
        if (observer.Requests.Omitted is { } omitted && !(isKnown && omitted.IsOf(first!)))
        {
            // A server that still waits for the body sends only one answer: that it does not wait any longer.
            if (omitted.IsUncertain || head.Status is 400 or 408)
            {
                omitted.Doubt();
                observer.Fail(OmittedBody.Rule);
                return false;
            }

            observer.Requests.SettleOmission();
        }

        if (isKnown && !first!.IsAnswered)
        {
            exchange = first;
            return true;
        }

        if (isKnown || head.Status < FirstError || observer.IsRefused)
        {
            observer.Fail("a response that nobody asked for");
            return false;
        }

        exchange = observer.BeginRefused(head, started);
        return true;
    }
}
