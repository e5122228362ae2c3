using System.Globalization;
using Chassis;
using Sidecar.Observation;

namespace Sidecar.Telemetry;

/// <summary>Values of OpenTelemetry's attributes for exchanges (semantic conventions for HTTP and RPC). Each exists once.</summary>
internal static class SemanticNames
{
    /// <summary>The value for what is not known.</summary>
    public const string Other = "_OTHER";

    private const int FirstStatus = 100;
    private const int LastStatus = 999;
    private const int FirstServerError = 500;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];

    private static readonly string[] Statuses =
        [.. Enumerable.Range(FirstStatus, LastStatus - FirstStatus + 1).Select(status => status.ToString(CultureInfo.InvariantCulture))];

    // By number (gRPC's statuscodes.md).
    private static readonly string[] GrpcStatuses =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    // Those that OpenTelemetry counts as a server's errors: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
    private static readonly int[] ServerErrors = [2, 4, 12, 13, 14, 15];

    /// <summary><c>http.request.method</c>.</summary>
    public static string MethodOf(ReadOnlySpan<byte> method)
    {
        foreach (var known in Methods)
        {
            if (System.Text.Ascii.Equals(method, known))
                return known;
        }

        return Other;
    }

    /// <summary><c>network.protocol.version</c>.</summary>
    public static string VersionOf(HttpVersion version) => version switch
    {
        HttpVersion.Http10 => "1.0",
        HttpVersion.Http11 => "1.1",
        _ => "2",
    };

    /// <summary><c>http.response.status_code</c>; null if there is none.</summary>
    public static string? StatusOf(Exchange exchange) =>
        exchange.FinalResponse is { Status: >= FirstStatus and <= LastStatus and var status } ? Statuses[status - FirstStatus] : null;

    /// <summary><c>rpc.response.status_code</c>.</summary>
    public static string GrpcStatusOf(int status) => status >= 0 && status < GrpcStatuses.Length ? GrpcStatuses[status] : Other;

    /// <summary><c>error.type</c> of a gRPC call or else of an HTTP exchange; null if it is no error of the server.</summary>
    public static string? ErrorOf(Exchange exchange) => exchange.Grpc is { } call ? CallErrorOf(exchange, call) : HttpErrorOf(exchange);

    /// <summary><c>error.type</c> of an exchange as HTTP has it; null if it is no error of the server.</summary>
    public static string? HttpErrorOf(Exchange exchange) =>
        exchange.Outcome != ExchangeOutcome.Completed ? EnumWords.Of(exchange.Outcome)
        : exchange.FinalResponse is { Status: >= FirstServerError } ? StatusOf(exchange)
        : null;

    /// <summary><c>error.type</c> of a gRPC call; null if it is no error of the server.</summary>
    public static string? CallErrorOf(Exchange exchange, GrpcCall call) =>
        call.Status is not { } status ? HttpErrorOf(exchange) ?? Other : ServerErrors.Contains(status) ? GrpcStatusOf(status) : null;
}
