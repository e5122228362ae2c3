using System.Net;
using Chassis.Net;

namespace Sidecar.Options;

/// <summary>The address of an own endpoint, and its origin.</summary>
/// <param name="Address">The address to listen on.</param>
/// <param name="Origin">The option or key that named it; null for a default, which moves to another port if its port is in use.</param>
public sealed record EndpointOptions(EndPoint Address, string? Origin)
{
    /// <summary>An endpoint that is not configured.</summary>
    internal static EndpointOptions Default(IPAddress address, int port) => new(new IPEndPoint(address, port), Origin: null);

    /// <summary>Host names that requests can have, in addition to those that no web page can have.</summary>
    public IReadOnlyList<DestinationPattern> Hosts { get; init; } = [];
}
