using System.Net;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Capture;

/// <summary>
/// What the kernel filters by; an empty list means all. While it is unknown which end of a connection is its server, because the
/// connection was there before the capture, packets pass if either end could be.
/// </summary>
internal sealed record CaptureFilter
{
    /// <summary>Everything.</summary>
    public static CaptureFilter All { get; } = new();

    /// <summary>Ports of servers; at most 1,024.</summary>
    public IReadOnlyList<int> ServerPorts { get; init; } = [];

    /// <summary>Networks of servers; at most 1,024.</summary>
    public IReadOnlyList<IPNetwork> Included { get; init; } = [];

    /// <summary>Networks of servers that are left out, also of those that are included; at most 1,024.</summary>
    public IReadOnlyList<IPNetwork> Excluded { get; init; } = [];

    /// <summary>Ids of cgroups, each with those below it, of either end; at most 4,096. Only eBPF knows them.</summary>
    public IReadOnlyList<ulong> Cgroups { get; init; } = [];

    /// <summary>The filter for a user's choice.</summary>
    public static CaptureFilter Of(CaptureChoice choice) => new()
    {
        ServerPorts = choice.Ports,
        Included = [.. choice.Cidrs.Where(cidr => !cidr.StartsWith('!')).Select(NetworkAddress.Parse)],
        Excluded = [.. choice.Cidrs.Where(cidr => cidr.StartsWith('!')).Select(cidr => NetworkAddress.Parse(cidr[1..]))],
    };

    /// <summary>Whether connections to a server pass.</summary>
    public bool Accepts(IPEndPoint server) =>
        (ServerPorts.Count == 0 || ServerPorts.Contains(server.Port))
        && (Included.Count == 0 || Included.Any(network => network.Contains(server.Address)))
        && !Excluded.Any(network => network.Contains(server.Address));
}
