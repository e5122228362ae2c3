using System.Diagnostics.Metrics;
using Chassis.Metrics;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Options;

namespace Sidecar.Telemetry;

/// <summary>
/// The meter <c>Sidecar</c>. No label has an unlimited number of values. What can be counted at a scrape costs connections nothing.
/// </summary>
internal sealed class SidecarMetrics
{
    public const string MeterName = "Sidecar";

    // A connection can live for milliseconds or days.
    private static readonly double[] DurationBuckets = [.005, .01, .05, .1, .5, 1, 5, 10, 60, 300, 1800, 3600, 86400];

    // Connecting and asking stay within a host or a cluster.
    private static readonly double[] StepBuckets = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5];

    private readonly TimeProvider _time;
    private readonly ConnectionRegistry _registry;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _connect;
    private readonly Histogram<double> _handshake;
    private readonly Histogram<double> _oracle;
    private readonly Counter<long> _peers;

    public SidecarMetrics(IMeterFactory factory, CurrentOptions options, ConnectionRegistry registry, TimeProvider time)
    {
        (_registry, _time) = (registry, time);
        var meter = factory.Create(MeterName);
        _duration = Histogram("sidecar.connection.duration", "From accept to end of a connection.", DurationBuckets);
        _connect = Histogram("sidecar.upstream.connect", "Time until the upstream accepted.", StepBuckets);
        _handshake = Histogram("sidecar.handshake", "outbound: from the greeting to the peer's answer. inbound: from accept to the greeting.", StepBuckets);
        _oracle = Histogram("sidecar.oracle.request", "Time until the Oracle's answer, by result.", StepBuckets);
        _peers = meter.CreateCounter<long>("sidecar.peer.decisions", null, "Connections by the mode of their port or route, and by whether there was a sidecar on the other side.");
        BuildInfo.AddTo(meter, "sidecar");
        meter.CreateObservableGauge("sidecar.connections.limit", () => options.Value.MaxConnections, null, "Most connections at once, over all listeners.");
        meter.CreateObservableGauge("sidecar.listener.connections.limit", () => ObserveLimits(options.Value), null, "Most connections at once, of listeners with a limit of their own.");
        meter.CreateObservableCounter("sidecar.connections.opened", ObserveOpened, null, "Connections accepted.");
        meter.CreateObservableCounter("sidecar.connections", ObserveEnded, null, "Connections ended, by reason.");
        meter.CreateObservableUpDownCounter("sidecar.connections.active", ObserveActive, null, "Connections that live now.");
        meter.CreateObservableCounter("sidecar.bytes", ObserveBytes, "By", "Bytes relayed, by peer and direction.");
        meter.CreateObservableCounter("sidecar.transform.bytes", ObserveTransformed, "By", "Plain bytes that went through each transform.");

        Histogram<double> Histogram(string name, string description, double[] buckets) => meter.CreateHistogram(
            name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });
    }

    /// <summary>A timestamp for the methods that take one.</summary>
    public long Now => _time.GetTimestamp();

    public void ConnectionEnded(ListenerOptions listener, TimeSpan duration) => _duration.Record(duration.TotalSeconds, Name(listener.Name), Role(listener.Role));

    public void UpstreamConnected(ListenerOptions listener, long started) => _connect.Record(Seconds(started), Name(listener.Name), Role(listener.Role));

    public void HandshakeDone(ListenerOptions listener, long started) => _handshake.Record(Seconds(started), Name(listener.Name), Role(listener.Role));

    /// <summary>What the other side of a connection has turned out to be.</summary>
    /// <param name="listener">The listener that accepted it.</param>
    /// <param name="mode">What was to be done: the word of a <see cref="PeerMode"/> or <see cref="RouteAction"/>.</param>
    /// <param name="session">What was found.</param>
    public void PeerDecided(ListenerOptions listener, string mode, PeerSession session) => _peers.Add(
        1, Name(listener.Name), new KeyValuePair<string, object?>("mode", mode), new KeyValuePair<string, object?>("result", session.Word()));

    public void OracleAnswered(string result, long started) => _oracle.Record(Seconds(started), new KeyValuePair<string, object?>("result", result));

    private static KeyValuePair<string, object?> Name(string listener) => new("listener", listener);

    private static KeyValuePair<string, object?> Role(SidecarRole role) => new("role", role.Word());

    private static Measurement<T> Of<T>(T value, ListenerLabel listener, params ReadOnlySpan<KeyValuePair<string, object?>> more)
        where T : struct => new(value, [Name(listener.Name), Role(listener.Role), .. more]);

    private static IEnumerable<Measurement<int>> ObserveLimits(SidecarOptions options) =>
        options.Listeners.Where(listener => listener.MaxConnections != int.MaxValue).Select(listener => Of(listener.MaxConnections, ListenerLabel.Of(listener)));

    private double Seconds(long started) => _time.GetElapsedTime(started).TotalSeconds;

    // Series that exist from the start let rate() see the first connection.
    private IEnumerable<Measurement<long>> ObserveOpened() => _registry.Counts().Select(c => Of(c.Opened, c.Listener));

    private IEnumerable<Measurement<long>> ObserveActive() => _registry.Counts().Select(c => Of<long>(c.Live, c.Listener));

    private IEnumerable<Measurement<long>> ObserveEnded() =>
        from counts in _registry.Counts()
        from reason in Enum.GetValues<RelayEndReason>()
        where counts.Ended[(int)reason] > 0
        select Of(counts.Ended[(int)reason], counts.Listener, new KeyValuePair<string, object?>("reason", reason.Word()));

    private IEnumerable<Measurement<long>> ObserveBytes()
    {
        foreach (var (listener, bytes) in _registry.Bytes())
        {
            yield return Bytes(listener, bytes.DownstreamReceived, "received", "downstream");
            yield return Bytes(listener, bytes.DownstreamSent, "sent", "downstream");
            yield return Bytes(listener, bytes.UpstreamReceived, "received", "upstream");
            yield return Bytes(listener, bytes.UpstreamSent, "sent", "upstream");
        }
    }

    private IEnumerable<Measurement<long>> ObserveTransformed() =>
        _registry.TransformedBytes().Select(t => new Measurement<long>(t.Value, new KeyValuePair<string, object?>("transform", t.Key)));

    private static Measurement<long> Bytes(ListenerLabel listener, long total, string direction, string peer) =>
        Of(total, listener, new("direction", direction), new("peer", peer));
}
