using System.Diagnostics.Metrics;

namespace VideoApi.Hosting;

/// <summary>A video service's own figures.</summary>
internal sealed class VideoMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "VideoApi";

    private readonly Counter<long> _connections;
    private readonly KeyValuePair<string, object?> _accepted = new("result", "accepted");
    private readonly KeyValuePair<string, object?> _refused = new("result", "refused");
    private int _active;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">The application's maker of meters.</param>
    /// <param name="limit">Connections at once.</param>
    public VideoMetrics(IMeterFactory factory, int limit)
    {
        var meter = factory.Create(MeterName);
        _connections = meter.CreateCounter<long>("video_connections", null, "Clients' connections; refused are those over the limit, answered 503.");
        _connections.Add(0, _accepted);
        _connections.Add(0, _refused);
        meter.CreateObservableGauge("video_connections_active", () => Volatile.Read(ref _active), null, "Clients' connections that are open.");
        meter.CreateObservableGauge("video_connections_limit", () => limit, null, "How many clients' connections may be open at once.");
    }

    /// <summary>A connection has begun.</summary>
    public void Accepted()
    {
        Interlocked.Increment(ref _active);
        _connections.Add(1, _accepted);
    }

    /// <summary>One that was accepted has ended.</summary>
    public void Ended() => Interlocked.Decrement(ref _active);

    /// <summary>A connection was over the limit.</summary>
    public void Refused() => _connections.Add(1, _refused);
}
