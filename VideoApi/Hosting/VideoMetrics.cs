using System.Diagnostics.Metrics;
using Chassis.Net;

namespace VideoApi.Hosting;

/// <summary>A video service's own figures.</summary>
internal sealed class VideoMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "VideoApi";

    private readonly Counter<long> _connections;
    private readonly Counter<long> _displaced;
    private readonly KeyValuePair<string, object?> _accepted = new("result", "accepted");
    private readonly KeyValuePair<string, object?> _refused = new("result", "refused");

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">The application's meter factory.</param>
    /// <param name="places">The places of connections.</param>
    public VideoMetrics(IMeterFactory factory, ConnectionPlaces places)
    {
        var meter = factory.Create(MeterName);
        _connections = meter.CreateCounter<long>("video_connections", null, "Clients' connections; refused ones got no place and were answered 503.");
        _displaced = meter.CreateCounter<long>("video_connections_displaced", null, "Connections closed, the longest idle first, to make room for others when all places were in use.");
        _connections.Add(0, _accepted);
        _connections.Add(0, _refused);
        _displaced.Add(0);
        meter.CreateObservableGauge("video_connections_active", () => places.Taken, null, "Clients' connections that are open.");
        meter.CreateObservableGauge("video_connections_limit", () => places.Limit, null, "Most clients' connections at once.");
    }

    /// <summary>A connection has begun.</summary>
    public void Accepted() => _connections.Add(1, _accepted);

    /// <summary>An accepted connection lost its place to another.</summary>
    public void Displaced() => _displaced.Add(1);

    /// <summary>A connection got no place.</summary>
    public void Refused() => _connections.Add(1, _refused);
}
