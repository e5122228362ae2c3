using System.Net;
using Chassis.Net;

namespace VideoApi.Hosting;

/// <summary>Where a service listens, how many it serves and how much it logs.</summary>
/// <param name="Service">Address and port for clients; port 0 takes any free one.</param>
/// <param name="Metrics">Where metrics are served.</param>
/// <param name="Health">Where health is served; it may be the same.</param>
/// <param name="MaxConnections">Clients' connections at once; they share places by address; one for which none is to be had is answered 503.</param>
/// <param name="LogLevel">Least level that is logged.</param>
internal sealed record Listener(ListenPoint Service, ListenPoint Metrics, ListenPoint Health, int MaxConnections, LogLevel LogLevel)
{
    /// <summary>More hosts that metrics are served for.</summary>
    public IReadOnlyList<DestinationPattern> MetricsHosts { get; init; } = [];

    /// <summary>More hosts that health is served for.</summary>
    public IReadOnlyList<DestinationPattern> HealthHosts { get; init; } = [];
}

/// <summary>An address to listen on.</summary>
/// <param name="Address">Address and port.</param>
/// <param name="Source">The option or word that names it.</param>
/// <param name="LastPort">Of a default: the last port that is tried when it is taken; null of one that the user named.</param>
internal sealed record ListenPoint(IPEndPoint Address, string Source, int? LastPort = null)
{
    /// <summary>Claims it.</summary>
    /// <exception cref="Chassis.UsageException">It cannot be had.</exception>
    public IPEndPoint Bind(ListenSockets sockets) =>
        LastPort is { } last ? sockets.BindDefault(Address, last, Source) : sockets.Bind(Address, Source);
}
