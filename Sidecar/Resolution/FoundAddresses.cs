using System.Net;

namespace Sidecar.Resolution;

/// <summary>The answer of the name service.</summary>
/// <param name="Addresses">In its order; none if it failed.</param>
/// <param name="Error">Why it failed, in words.</param>
/// <param name="IsUnanswered">Whether the name service could not say anything about the name. It may still have addresses.</param>
internal sealed record FoundAddresses(IReadOnlyList<IPAddress> Addresses, string? Error = null, bool IsUnanswered = false);
