using System.Net;
using Chassis.Net;

namespace VideoApi.Hosting;

/// <summary>The addresses of a service, its limit of connections and its log level.</summary>
/// <param name="Service">Address and port for clients; port 0 takes any free one.</param>
/// <param name="Metrics">The address of metrics.</param>
/// <param name="Health">The address of health; it can be the same.</param>
/// <param name="MaxConnections">
/// Clients' connections at once, which share places by address; a connection without a place is answered 503.
/// </param>
/// <param name="LogLevel">Lowest level that is logged.</param>
internal sealed record Listener(ListenPoint Service, ListenPoint Metrics, ListenPoint Health, int MaxConnections, LogLevel LogLevel)
{
    /// <summary>More host names for requests of metrics.</summary>
    public IReadOnlyList<DestinationPattern> MetricsHosts { get; init; } = [];

    /// <summary>More host names for requests of health.</summary>
    public IReadOnlyList<DestinationPattern> HealthHosts { get; init; } = [];
}

/// <summary>An address to listen on.</summary>
/// <param name="Address">Address and port.</param>
/// <param name="Source">The option or word that names it.</param>
/// <param name="LastPort">
/// For a default: the last port that is tried if the default is in use; null for an address that the user named.
/// </param>
internal sealed record ListenPoint(IPEndPoint Address, string Source, int? LastPort = null)
{
    /// <summary>Claims it.</summary>
    /// <exception cref="Chassis.UsageException">It is not available.</exception>
    public IPEndPoint Bind(ListenSockets sockets) =>
        LastPort is { } last ? sockets.BindDefault(Address, last, Source) : sockets.Bind(Address, Source);
}
