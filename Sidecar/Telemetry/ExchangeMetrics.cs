using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Chassis;
using Sidecar.Observation;
using Sidecar.Observation.Grpc;
using Sidecar.Observation.Memory;

namespace Sidecar.Telemetry;

/// <summary>
/// Metrics of observed exchanges, with OpenTelemetry's names and attributes (semantic conventions for HTTP and RPC). Labels are
/// strings that exist once, so that a measurement makes none.
/// </summary>
internal sealed class ExchangeMetrics
{
    /// <summary>
    /// Most gRPC methods that were served and have their own series. A method that was not called for an hour makes room for a new one.
    /// </summary>
    public const int MaxMethods = 200;

    /// <summary>
    /// Most methods that only failed so far. Clients can make up names, and these must not take the places of served methods.
    /// </summary>
    public const int MaxFailingMethods = 50;

    // No real method is longer.
    private const int MaxMethodLength = 256;

    // The buckets that the semantic conventions recommend.
    private static readonly double[] Buckets = [.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10];

    private readonly TimeProvider _time;
    private readonly Histogram<double> _requests;
    private readonly Histogram<double> _calls;
    private readonly Counter<long> _unobservable;
    private readonly KnownNames _grpcMethods;
    private readonly KnownNames _failingMethods;

    public ExchangeMetrics(IMeterFactory factory, ObservationMemory memory, TimeProvider time)
    {
        _time = time;
        _grpcMethods = new KnownNames(MaxMethods, TimeSpan.FromHours(1), time);
        _failingMethods = new KnownNames(MaxFailingMethods, TimeSpan.FromHours(1), time);
        var meter = factory.Create(SidecarMetrics.MeterName);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets };
        _requests = meter.CreateHistogram("http.server.request.duration", "s", "From the first byte of an HTTP request to the end of its response.", tags: null, advice);
        _calls = meter.CreateHistogram("rpc.server.call.duration", "s", "From the first byte of a gRPC call to its end.", tags: null, advice);
        _unobservable = meter.CreateCounter<long>("sidecar.connections.unobservable", null, "Connections that could not be observed, or not to their end.");
        meter.CreateObservableUpDownCounter("sidecar.observation.memory", () => memory.Used, "By", "Memory that the observation of connections uses.");
        meter.CreateObservableUpDownCounter("sidecar.observation.memory.limit", () => memory.Limit, "By", "Limit of the memory for the observation of connections.");
        meter.CreateObservableCounter("sidecar.observation.heads.cut", () => memory.HeadsCut, null, "Heads of requests and responses that were cut because memory was short.");
        meter.CreateObservableCounter("sidecar.observation.ended", () => memory.Ended, null, "Connections that are no longer observed because memory was short.");
    }

    public void Unobservable(Unobservable reason) => _unobservable.Add(1, new KeyValuePair<string, object?>("reason", EnumWords.Of(reason)));

    /// <summary>An exchange has ended.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="listener">Name of the listener of its connection.</param>
    public void Ended(Exchange exchange, string listener)
    {
        var seconds = _time.GetElapsedTime(exchange.Started, exchange.Ended).TotalSeconds;
        var tags = new TagList { { "listener", listener }, { "http.request.method", SemanticNames.MethodOf(exchange.Request.Method) } };
        if (SemanticNames.StatusOf(exchange) is { } status)
            tags.Add("http.response.status_code", status);
        tags.Add("network.protocol.version", SemanticNames.VersionOf(exchange.Request.Version));
        tags.Add("url.scheme", "http");
        if (SemanticNames.HttpErrorOf(exchange) is { } error)
            tags.Add("error.type", error);
        _requests.Record(seconds, tags);
        if (exchange.Grpc is { } call)
            Record(exchange, call, listener, seconds);
    }

    private void Record(Exchange exchange, GrpcCall call, string listener, double seconds)
    {
        var method = GrpcMethodOf(exchange.Request.Target, isServed: call.Status == 0 || call.ResponseMessages > 0);
        var tags = new TagList { { "listener", listener }, { "rpc.system.name", "grpc" }, { "rpc.method", method } };
        if (call.Status is { } status)
            tags.Add("rpc.response.status_code", SemanticNames.GrpcStatusOf(status));
        if (SemanticNames.CallErrorOf(exchange, call) is { } error)
            tags.Add("error.type", error);
        _calls.Record(seconds, tags);
    }

    private string GrpcMethodOf(ReadOnlySpan<byte> path, bool isServed)
    {
        Span<char> name = stackalloc char[MaxMethodLength];
        if (!GrpcPath.TrySplit(path, out _, out _) || path.Length > MaxMethodLength || !Encoding.ASCII.TryGetChars(path[1..], name, out var length))
            return SemanticNames.Other;
        return _grpcMethods.Find(name[..length], mayAdd: isServed) ?? _failingMethods.Find(name[..length], mayAdd: !isServed) ?? SemanticNames.Other;
    }
}
