using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Oracle.Protocol;
using Sidecar.Configuration;
using Sidecar.Relay;

namespace Sidecar.Telemetry;

/// <summary>The meter <c>Sidecar</c>. No label takes unbounded values.</summary>
internal sealed class SidecarMetrics
{
    public const string MeterName = "Sidecar";

    // A connection may live for milliseconds or days.
    private static readonly double[] DurationBuckets = [.005, .01, .05, .1, .5, 1, 5, 10, 60, 300, 1800, 3600, 86400];

    // Connecting and asking happen within a host or a cluster.
    private static readonly double[] StepBuckets = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5];

    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly ConcurrentDictionary<string, ConnectionTraffic> _traffic = new(StringComparer.Ordinal);
    private readonly Dictionary<ListenerOptions, ListenerTraffic> _listeners;
    private readonly ConcurrentDictionary<string, ByteCounter> _transformed = new(StringComparer.Ordinal);
    private readonly Counter<long> _opened;
    private readonly Counter<long> _ended;
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _connect;
    private readonly Histogram<double> _handshake;
    private readonly Histogram<double> _oracle;
    private int _activeInAll;

    public SidecarMetrics(IMeterFactory factory, SidecarOptions options, TimeProvider time)
    {
        _time = time;
        _listeners = options.Listeners.ToDictionary(l => l, _ => new ListenerTraffic());
        var meter = _meter = factory.Create(MeterName);
        _opened = meter.CreateCounter<long>("sidecar.connections.opened", null, "Connections accepted.");
        _ended = meter.CreateCounter<long>("sidecar.connections", null, "Connections ended, by reason.");
        _active = meter.CreateUpDownCounter<long>("sidecar.connections.active", null, "Connections that live now.");
        _duration = Histogram("sidecar.connection.duration", "From accept to end of a connection.", DurationBuckets);
        _connect = Histogram("sidecar.upstream.connect", "Time until the upstream accepted.", StepBuckets);
        _handshake = Histogram("sidecar.handshake", "p1: from the greeting to the peer's answer. p2: from accept to the greeting.", StepBuckets);
        _oracle = Histogram("sidecar.oracle.request", "Time until the Oracle's answer, by result.", StepBuckets);
        meter.CreateObservableCounter("sidecar.bytes", ObserveBytes, "By", "Bytes relayed, by side and way.");
        meter.CreateObservableCounter("sidecar.transform.bytes", ObserveTransformed, "By", "Bytes that went through each transform.");
        foreach (var listener in options.Listeners)
        {
            // Series that exist from the start let rate() see the first connection.
            _opened.Add(0, Labels(listener));
            _active.Add(0, Labels(listener));
        }

        Histogram<double> Histogram(string name, string description, double[] buckets) => meter.CreateHistogram(
            name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });
    }

    /// <summary>A time stamp for the methods that take one.</summary>
    public long Now => _time.GetTimestamp();

    /// <summary>Counts an accepted connection and returns how many live, over all listeners.</summary>
    public int ConnectionOpened(ListenerOptions listener)
    {
        _opened.Add(1, Labels(listener));
        _active.Add(1, Labels(listener));
        return Interlocked.Increment(ref _activeInAll);
    }

    public void ConnectionEnded(ListenerOptions listener, RelayEndReason reason, long opened)
    {
        Interlocked.Decrement(ref _activeInAll);
        _active.Add(-1, Labels(listener));
        _ended.Add(1, [.. Labels(listener), new("reason", reason.Word())]);
        _duration.Record(Seconds(opened), Labels(listener));
    }

    public void UpstreamConnected(ListenerOptions listener, long started) => _connect.Record(Seconds(started), Labels(listener));

    public void HandshakeDone(ListenerOptions listener, long started) => _handshake.Record(Seconds(started), Labels(listener));

    public void OracleAnswered(string result, long started) => _oracle.Record(Seconds(started), new KeyValuePair<string, object?>("result", result));

    /// <summary>The counters for a connection; shared by all of the listener with the same transform.</summary>
    public ConnectionTraffic Traffic(ListenerOptions listener, TransformSpec transform) =>
        _traffic.GetOrAdd($"{listener.Name} {transform.Name}", _ =>
        {
            var bytes = _listeners[listener];
            var transformed = _transformed.GetOrAdd(transform.Name, _ => new ByteCounter());
            return new ConnectionTraffic(
                new DirectionTraffic(bytes.DownstreamReceived, bytes.UpstreamSent, transformed),
                new DirectionTraffic(bytes.UpstreamReceived, bytes.DownstreamSent, transformed));
        });

    /// <summary>Shows how many records a sink has lost.</summary>
    public void ObserveDroppedRecords(string sink, Func<long> dropped) => _meter.CreateObservableCounter(
        "sidecar.records.dropped", () => new Measurement<long>(dropped(), new KeyValuePair<string, object?>("sink", sink)), null, "Records lost, by sink.");

    private double Seconds(long started) => _time.GetElapsedTime(started).TotalSeconds;

    private IEnumerable<Measurement<long>> ObserveBytes()
    {
        foreach (var (listener, bytes) in _listeners)
        {
            yield return Bytes(listener, bytes.DownstreamReceived, "received", "downstream");
            yield return Bytes(listener, bytes.DownstreamSent, "sent", "downstream");
            yield return Bytes(listener, bytes.UpstreamReceived, "received", "upstream");
            yield return Bytes(listener, bytes.UpstreamSent, "sent", "upstream");
        }
    }

    private IEnumerable<Measurement<long>> ObserveTransformed() =>
        _transformed.Select(t => new Measurement<long>(t.Value.Total, new KeyValuePair<string, object?>("transform", t.Key)));

    private static Measurement<long> Bytes(ListenerOptions listener, ByteCounter counter, string direction, string peer) =>
        new(counter.Total, [.. Labels(listener), new("direction", direction), new("peer", peer)]);

    private static KeyValuePair<string, object?>[] Labels(ListenerOptions listener) =>
        [new("listener", listener.Name), new("role", listener.Role.Word())];
}
