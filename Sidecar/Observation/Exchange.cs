namespace Sidecar.Observation;

/// <summary>How an exchange ended; in records in snake case.</summary>
internal enum ExchangeOutcome
{
    /// <summary>The whole response came, and the whole request, unless the client did not need to send the rest.</summary>
    Completed,

    /// <summary>The client ended it too early.</summary>
    ClientReset,

    /// <summary>The server ended it too early.</summary>
    ServerReset,

    /// <summary>A time limit ended it.</summary>
    Timeout,

    /// <summary>The connection, or its observation, ended for another reason.</summary>
    Unmatched,
}

/// <summary>A request and its response. Times are timestamps of the connection's clock; -1 before they are known.</summary>
internal sealed class Exchange
{
    /// <summary>Bytes that one exchange uses, without its heads.</summary>
    public const int Cost = 128;

    /// <param name="request">The request's head; the exchange owns it from now on.</param>
    /// <param name="started">Time of the request's first byte.</param>
    /// <param name="requested">Time of the last byte of its head.</param>
    public Exchange(MessageHead request, long started, long requested) => (Request, Started, Requested) = (request, started, requested);

    public MessageHead Request { get; }

    /// <summary>The response's head; null before it has come. An interim response stays until the next one comes.</summary>
    public MessageHead? Response { get; set; }

    /// <summary>The final response. An interim response without a later one is not final (RFC 9110, 15.2), but 101 is.</summary>
    public MessageHead? FinalResponse => Response is { Status: >= 200 or 101 } response ? response : null;

    /// <summary>The trailer fields after the response's body; null if there are none. Only HTTP/2 keeps them.</summary>
    public MessageHead? Trailers { get; set; }

    public long Started { get; }

    public long Requested { get; }

    /// <summary>Time of the first byte of the final response; before there is one, of the latest interim response.</summary>
    public long Responded { get; set; } = -1;

    /// <summary>Time at which the later of the two messages ended.</summary>
    public long Ended { get; set; } = -1;

    /// <summary>Length of the request on the wire.</summary>
    public long RequestBytes { get; set; }

    /// <summary>Length of the response on the wire, with interim responses.</summary>
    public long ResponseBytes { get; set; }

    /// <summary>Whether the request has ended.</summary>
    public bool IsRequested { get; set; }

    /// <summary>Whether the response has ended.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Set before it is reported.</summary>
    public ExchangeOutcome Outcome { get; set; }

    /// <summary>More about a gRPC call; null for other exchanges.</summary>
    public GrpcCall? Grpc { get; set; }
}

/// <summary>The part of a gRPC call that an HTTP/2 exchange does not have.</summary>
internal sealed class GrpcCall
{
    /// <summary>Bytes that one uses.</summary>
    public const int Cost = 48;

    /// <summary>The call's status by gRPC's rules (<see cref="Grpc.GrpcStatus"/>); 0 is OK, null if it cannot be known.</summary>
    public int? Status { get; set; }

    /// <summary>Messages of the client that have begun.</summary>
    public long RequestMessages { get; set; }

    /// <summary>Messages of the server that have begun.</summary>
    public long ResponseMessages { get; set; }
}

/// <summary>Gets exchanges that have ended.</summary>
internal interface IExchangeSink
{
    /// <summary>Copies what it needs of the exchange before it returns, because the exchange is used again.</summary>
    public void OnExchange(Exchange exchange);
}
