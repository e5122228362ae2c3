using System.Net;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>An own endpoint's address and where it was configured.</summary>
/// <param name="Address">Where to listen.</param>
/// <param name="Origin">The option or key that named it; null for a default, whose port may move when it is taken.</param>
public sealed record EndpointOptions(EndPoint Address, string? Origin)
{
    /// <summary>An endpoint that nobody configured.</summary>
    internal static EndpointOptions Default(IPAddress address, int port) => new(new IPEndPoint(address, port), Origin: null);

    /// <summary>Names that a request may be for, beside those that no web page can have.</summary>
    public IReadOnlyList<DestinationPattern> Hosts { get; init; } = [];
}
