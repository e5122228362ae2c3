using System.Net.Http.Headers;

namespace Sidecar.Records.Exchanges.Outputs.Http;

/// <summary>The wait that a server asks for (RFC 9110, 10.2.3): seconds, or a date.</summary>
internal static class RetryAfter
{
    /// <summary>The wait; null if the server asks for none.</summary>
    public static TimeSpan? Of(HttpResponseHeaders headers) => headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // By the server's clock, if it shows it.
        { Date: { } date } => date - (headers.Date ?? DateTimeOffset.UtcNow),
        _ => null,
    };
}
