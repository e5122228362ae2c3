namespace Sidecar.Observation.Grpc;

/// <summary>
/// The status of a call: the server's, or the one that gRPC derives for a call without a status (gRPC over HTTP/2, "Errors";
/// http-grpc-status-mapping).
/// </summary>
internal static class GrpcStatus
{
    private const int Cancelled = 1;
    private const int Unknown = 2;
    private const int DeadlineExceeded = 4;
    private const int PermissionDenied = 7;
    private const int ResourceExhausted = 8;
    private const int Unimplemented = 12;
    private const int Internal = 13;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;

    // Clients round the value that they send up, by a percent or more, and their clock starts before the request is here.
    private const double PartOfDeadline = 0.95;

    /// <summary>The status of a call that has ended; null if the observation ended earlier.</summary>
    /// <param name="exchange">Its exchange, with outcome and end.</param>
    /// <param name="reset">The error of the RST_STREAM that ended it; null if none did.</param>
    /// <param name="clock">The clock of the exchange's times.</param>
    public static int? Of(Exchange exchange, uint? reset, TimeProvider clock)
    {
        if (exchange.IsAnswered)
            return (exchange.Trailers ?? exchange.FinalResponse)?.Grpc.Status ?? OfHttp(exchange.FinalResponse);
        return exchange.Outcome switch
        {
            ExchangeOutcome.ClientReset => OfCancellation(exchange, clock),
            ExchangeOutcome.ServerReset when reset is { } error => OfReset(error, exchange, clock),
            ExchangeOutcome.ServerReset or ExchangeOutcome.Timeout => Unavailable,
            _ => null,
        };
    }

    private static int OfHttp(MessageHead? response) => response?.Status switch
    {
        400 => Internal,
        401 => Unauthenticated,
        403 => PermissionDenied,
        404 => Unimplemented,
        429 or 502 or 503 or 504 => Unavailable,
        _ => Unknown,
    };

    private static int OfReset(uint error, Exchange exchange, TimeProvider clock) => error switch
    {
        7 => Unavailable, // REFUSED_STREAM
        8 => OfCancellation(exchange, clock), // CANCEL
        11 => ResourceExhausted, // ENHANCE_YOUR_CALM
        12 => PermissionDenied, // INADEQUATE_SECURITY
        _ => Internal,
    };

    private static int OfCancellation(Exchange exchange, TimeProvider clock) =>
        exchange.Request.Grpc.Timeout is { } timeout && clock.GetElapsedTime(exchange.Started, exchange.Ended) >= timeout * PartOfDeadline
            ? DeadlineExceeded
            : Cancelled;
}
