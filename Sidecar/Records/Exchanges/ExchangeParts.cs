using Sidecar.Observation;

namespace Sidecar.Records.Exchanges;

/// <summary>What records show of exchanges.</summary>
internal static class ExchangeParts
{
    /// <summary>The response proper: an interim one that nothing followed is none (RFC 9110, 15.2), but 101 is final.</summary>
    public static MessageHead? FinalResponse(this Exchange exchange) =>
        exchange.Response is { Status: >= 200 or 101 } response ? response : null;
}
