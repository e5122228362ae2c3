using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Sidecar.Destination;
using Sidecar.Options;

namespace Sidecar.Hosting;

/// <summary>
/// The real addresses of the own endpoints: port 0 and moved defaults have become numbers. Admin can be a UNIX socket, or null for none.
/// </summary>
internal sealed partial record BoundAddresses(IPEndPoint Metrics, IPEndPoint Health, EndPoint? Admin)
{
    /// <summary>Claims their ports, after the listeners': the explicit ones first, so that a moving default does not take them.</summary>
    public static BoundAddresses Bind(ProcessOptions options, ListenSockets sockets)
    {
        var endpoints = Wanted(options).OrderBy(w => w.Endpoint.Origin is null).ToDictionary(w => w.Name, w => Bind(sockets, w.Name, w.Endpoint), StringComparer.Ordinal);
        return new BoundAddresses((IPEndPoint)endpoints["metrics"], (IPEndPoint)endpoints["health"], endpoints.GetValueOrDefault("admin"));
    }

    /// <summary>Ports to which the process connects: services on this host that can start later have them.</summary>
    public static IReadOnlySet<int> TargetPorts(SidecarOptions options) => options.Listeners
        .SelectMany(listener => listener.AllowDestinations.Select(rule => rule.OnlyPort)
            .Concat(listener.Routes.Select(route => route.Peer?.Port)).Append(listener.Target?.Port).Append(listener.Oracle?.Port))
        .OfType<int>().ToHashSet();

    /// <summary>Their ports, for the destination guard.</summary>
    public OwnPorts OwnPorts()
    {
        var ports = new OwnPorts();
        foreach (var (name, address) in new[] { ("metrics", Metrics), ("health", Health), ("admin", Admin as IPEndPoint) })
        {
            if (address is not null)
                ports.AddEndpoint(address, name);
        }

        return ports;
    }

    /// <summary>Logs each with its real address.</summary>
    public void Log(ProcessOptions options, ILogger logger)
    {
        foreach (var (name, wanted) in Wanted(options))
        {
            var bound = name switch { "metrics" => Metrics, "health" => Health, _ => Admin! };
            if (wanted.Address is IPEndPoint { Port: not 0 } address && !address.Equals(bound))
                Lines.Moved(logger, address, name, bound);
            else
                Lines.Serving(logger, name, bound);
        }
    }

    private static IEnumerable<(string Name, EndpointOptions Endpoint)> Wanted(ProcessOptions options) =>
        new[] { ("metrics", options.Metrics), ("health", options.Health), ("admin", options.Admin) }
            .Where(w => w.Item2 is not null).Select(w => (w.Item1, w.Item2!));

    private static EndPoint Bind(ListenSockets sockets, string name, EndpointOptions endpoint)
    {
        if (endpoint.Address is UnixDomainSocketEndPoint path)
        {
            sockets.Bind(path, endpoint.Origin!);
            return path;
        }

        var address = (IPEndPoint)endpoint.Address;
        return endpoint.Origin is { } origin
            ? sockets.Bind(address, origin)
            : sockets.BindDefault(address, Destination.OwnPorts.LastReserved, $"{name}.address (default)");
    }

    private static partial class Lines
    {
        [LoggerMessage(11, LogLevel.Information, "Serving {Name} on {Address}")]
        public static partial void Serving(ILogger logger, string name, EndPoint address);

        [LoggerMessage(12, LogLevel.Warning, "The default {Wanted} is taken, and will be used as soon as it is free. Serving {Name} on {Address}")]
        public static partial void Moved(ILogger logger, EndPoint wanted, string name, EndPoint address);
    }
}
