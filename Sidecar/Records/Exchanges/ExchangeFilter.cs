using Sidecar.Observation;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges;

/// <summary>Decides which exchanges are recorded.</summary>
/// <param name="sample">The share of recorded exchanges, 0 to 1; chance decides for each.</param>
/// <param name="alwaysErrors">Whether errors are always recorded.</param>
/// <param name="paths">The recorded paths.</param>
/// <param name="protocols">The recorded versions of HTTP.</param>
internal sealed class ExchangeFilter(double sample, bool alwaysErrors, PathFilter paths, RecordProtocols protocols = RecordProtocols.All)
{
    public bool Accepts(Exchange exchange) =>
        (protocols & ProtocolOf(exchange)) != RecordProtocols.None && (sample >= 1 || (alwaysErrors && IsError(exchange)) || Random.Shared.NextDouble() < sample) && paths.Accepts(exchange.Request.Target);

    /// <summary>
    /// Whether it did not end in order, or the answer is an error: a status of 400 or more; for a gRPC call any status but 0, or none.
    /// </summary>
    public static bool IsError(Exchange exchange) =>
        exchange.Outcome != ExchangeOutcome.Completed || exchange.Response is { Status: >= 400 } || exchange.Grpc is { Status: not 0 };

    /// <summary>Its version of HTTP.</summary>
    public static RecordProtocols ProtocolOf(Exchange exchange) => exchange.Request.Version == Observation.HttpVersion.Http2 ? RecordProtocols.Http2 : RecordProtocols.Http1;
}
