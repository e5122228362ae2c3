using System.Net;
using Chassis.Net;
using Sidecar.Configuration;
using Sidecar.Destination;

namespace Sidecar.Hosting;

/// <summary>Where a process really listens: port 0 and moved defaults have become numbers.</summary>
internal sealed record BoundAddresses(IReadOnlyList<IPEndPoint> Listeners, IPEndPoint Metrics, IPEndPoint Health, IPEndPoint Admin, OwnPorts OwnPorts)
{
    /// <summary>Claims all ports: first the explicit ones, so that no moving default takes them.</summary>
    public static BoundAddresses Bind(SidecarOptions options, ListenSockets sockets)
    {
        var ports = new OwnPorts();
        var listeners = new List<IPEndPoint>();
        foreach (var listener in options.Listeners)
        {
            var bound = sockets.Bind(listener.Listen, listener.ListenOrigin, options.Backlog);
            listeners.Add(bound);
            ports.Add(bound, listener.Name);
        }

        var endpoints = new Dictionary<string, IPEndPoint>(StringComparer.Ordinal);
        var wanted = new[] { ("metrics", options.Metrics), ("health", options.Health), ("admin", options.Admin) };
        foreach (var (name, endpoint) in wanted.OrderBy(w => w.Item2.Origin is null))
        {
            endpoints[name] = endpoint.Origin is { } origin
                ? sockets.Bind(endpoint.Address, origin)
                : sockets.BindDefault(endpoint.Address, OwnPorts.LastReserved, $"{name}.address (default)");
            ports.Add(endpoints[name], name);
        }

        return new BoundAddresses(listeners, endpoints["metrics"], endpoints["health"], endpoints["admin"], ports);
    }

    /// <summary>The own endpoints: name, wanted and real address.</summary>
    public IEnumerable<(string Name, IPEndPoint Wanted, IPEndPoint Bound)> Endpoints(SidecarOptions options) =>
    [
        ("metrics", options.Metrics.Address, Metrics),
        ("health", options.Health.Address, Health),
        ("admin", options.Admin.Address, Admin),
    ];
}
