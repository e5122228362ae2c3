using System.Net;

namespace Sidecar.Resolution;

/// <summary>What the name service said.</summary>
/// <param name="Addresses">In its order; none when it failed.</param>
/// <param name="Error">Why it failed, in words.</param>
internal sealed record FoundAddresses(IReadOnlyList<IPAddress> Addresses, string? Error = null);
