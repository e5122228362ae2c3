namespace Sidecar.Observation;

/// <summary>How an exchange ended; in records in snake case.</summary>
internal enum ExchangeOutcome
{
    /// <summary>The response was whole, and so was the request, unless the client did without the rest of it.</summary>
    Completed,

    /// <summary>The client ended it before its end.</summary>
    ClientReset,

    /// <summary>The server ended it before its end.</summary>
    ServerReset,

    /// <summary>A limit of time ended it.</summary>
    Timeout,

    /// <summary>The connection, or its observation, was over for another reason.</summary>
    Unmatched,
}

/// <summary>A request and its response. Times are timestamps of the connection's clock; -1 before they are known.</summary>
internal sealed class Exchange
{
    /// <summary>What one costs without its heads.</summary>
    public const int Cost = 128;

    /// <param name="request">Belongs to the exchange from now on.</param>
    /// <param name="started">When the request's first byte was seen.</param>
    /// <param name="requested">When the last byte of its head was seen.</param>
    public Exchange(MessageHead request, long started, long requested) => (Request, Started, Requested) = (request, started, requested);

    public MessageHead Request { get; }

    /// <summary>Null before its head has come; an interim one until the next.</summary>
    public MessageHead? Response { get; set; }

    /// <summary>The response proper: an interim one that nothing followed is none (RFC 9110, 15.2), but 101 is final.</summary>
    public MessageHead? FinalResponse => Response is { Status: >= 200 or 101 } response ? response : null;

    /// <summary>The fields behind the response's body; null where there are none. Only HTTP/2 keeps them.</summary>
    public MessageHead? Trailers { get; set; }

    public long Started { get; }

    public long Requested { get; }

    /// <summary>When the response's first byte was seen.</summary>
    public long Responded { get; set; } = -1;

    /// <summary>When the later of the two messages ended.</summary>
    public long Ended { get; set; } = -1;

    /// <summary>Length of the request on the wire.</summary>
    public long RequestBytes { get; set; }

    /// <summary>Length of the response on the wire, interim ones included.</summary>
    public long ResponseBytes { get; set; }

    /// <summary>Whether the request has come to its end.</summary>
    public bool IsRequested { get; set; }

    /// <summary>Whether the response has come to its end.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Set before it is reported.</summary>
    public ExchangeOutcome Outcome { get; set; }

    /// <summary>What more is known of a gRPC call; null for anything else.</summary>
    public GrpcCall? Grpc { get; set; }

    /// <summary>Judges one that is not whole when its connection, or the observation of it, ends.</summary>
    /// <param name="outcome">What ended the connection; <see cref="ExchangeOutcome.Completed"/> when it ended in order, so that what is missing tells who ended too early.</param>
    /// <param name="time">When.</param>
    public void Abandon(ExchangeOutcome outcome, long time)
    {
        Ended = time;
        // With all of the response the client has what it wanted (RFC 9113, 8.1).
        var isEnough = IsAnswered && (outcome is ExchangeOutcome.Completed or ExchangeOutcome.ClientReset);
        Outcome = isEnough ? ExchangeOutcome.Completed
            : outcome != ExchangeOutcome.Completed ? outcome
            : Response is not null ? ExchangeOutcome.ServerReset
            : !IsRequested ? ExchangeOutcome.ClientReset
            : ExchangeOutcome.Unmatched;
    }
}

/// <summary>What a gRPC call has beyond an HTTP/2 exchange.</summary>
internal sealed class GrpcCall
{
    /// <summary>What one costs.</summary>
    public const int Cost = 48;

    /// <summary>The call's status (0 is OK), from the response's trailers, or from its head when there is nothing else; null where none came.</summary>
    public int? Status { get; set; }

    /// <summary>Messages of the client that have begun.</summary>
    public long RequestMessages { get; set; }

    /// <summary>Messages of the server that have begun.</summary>
    public long ResponseMessages { get; set; }
}

/// <summary>Who is told of exchanges that have ended.</summary>
internal interface IExchangeSink
{
    /// <summary>Takes what it needs of the exchange before it returns.</summary>
    public void OnExchange(Exchange exchange);
}
