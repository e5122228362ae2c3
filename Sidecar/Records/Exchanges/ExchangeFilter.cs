using Sidecar.Observation;

namespace Sidecar.Records.Exchanges;

/// <summary>Which exchanges are recorded.</summary>
/// <param name="sample">The share of exchanges that are, 0 to 1; each is drawn for itself.</param>
/// <param name="alwaysErrors">Whether those that went wrong are, whatever is drawn.</param>
/// <param name="paths">Whose.</param>
internal sealed class ExchangeFilter(double sample, bool alwaysErrors, PathFilter paths)
{
    public bool Accepts(Exchange exchange) =>
        (sample >= 1 || (alwaysErrors && IsError(exchange)) || Random.Shared.NextDouble() < sample) && paths.Accepts(exchange.Request.Target);

    /// <summary>Whether it did not end in order, or the server's answer is an error: a status from 400 on; of a gRPC call any other than 0, or none.</summary>
    public static bool IsError(Exchange exchange) =>
        exchange.Outcome != ExchangeOutcome.Completed || exchange.Response is { Status: >= 400 } || exchange.Grpc is { Status: not 0 };
}
