using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Chassis;
using Sidecar.Observation;
using Sidecar.Observation.Grpc;
using Sidecar.Observation.Memory;

namespace Sidecar.Telemetry;

/// <summary>
/// What is observed, under OpenTelemetry's names and attributes (semantic conventions for HTTP and RPC). Labels are strings that
/// exist once, so that a measurement renders none.
/// </summary>
internal sealed class ExchangeMetrics
{
    /// <summary>Most gRPC methods that have series of their own; the others share one. One that was not called for an hour leaves its place.</summary>
    public const int MaxMethods = 200;

    private const string Other = "_OTHER";
    private const int FirstStatus = 100;
    private const int LastStatus = 999;

    // Longer ones are nobody's real method.
    private const int MaxMethodLength = 256;

    // Those that the semantic conventions ask for.
    private static readonly double[] Buckets = [.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10];

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];

    private static readonly string[] Statuses =
        [.. Enumerable.Range(FirstStatus, LastStatus - FirstStatus + 1).Select(status => status.ToString(CultureInfo.InvariantCulture))];

    // By number (gRPC's statuscodes.md).
    private static readonly string[] GrpcStatuses =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    private readonly TimeProvider _time;
    private readonly Histogram<double> _requests;
    private readonly Histogram<double> _calls;
    private readonly Counter<long> _unobservable;
    private readonly KnownNames _grpcMethods;

    public ExchangeMetrics(IMeterFactory factory, ObservationMemory memory, TimeProvider time)
    {
        _time = time;
        _grpcMethods = new KnownNames(MaxMethods, TimeSpan.FromHours(1), time);
        var meter = factory.Create(SidecarMetrics.MeterName);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets };
        _requests = meter.CreateHistogram("http.server.request.duration", "s", "From the first byte of an HTTP request to the end of its response.", tags: null, advice);
        _calls = meter.CreateHistogram("rpc.server.call.duration", "s", "From the first byte of a gRPC call to its end.", tags: null, advice);
        _unobservable = meter.CreateCounter<long>("sidecar.connections.unobservable", null, "Connections that could not be observed, or not to their end.");
        meter.CreateObservableUpDownCounter("sidecar.observation.memory", () => memory.Used, "By", "Memory that is kept for the observation of connections.");
        meter.CreateObservableUpDownCounter("sidecar.observation.memory.limit", () => memory.Limit, "By", "Most of it that may be kept.");
        meter.CreateObservableCounter("sidecar.observation.heads.cut", () => memory.HeadsCut, null, "Heads of requests and responses that were cut for want of memory.");
        meter.CreateObservableCounter("sidecar.observation.ended", () => memory.Ended, null, "Connections whose observation ended for want of memory.");
    }

    public void Unobservable(Unobservable reason) => _unobservable.Add(1, new KeyValuePair<string, object?>("reason", EnumWords.Of(reason)));

    /// <summary>An exchange has ended.</summary>
    public void Ended(Exchange exchange)
    {
        var seconds = _time.GetElapsedTime(exchange.Started, exchange.Ended).TotalSeconds;
        var tags = new TagList { { "http.request.method", MethodOf(exchange.Request.Method) } };
        if (exchange.FinalResponse is { Status: >= FirstStatus and <= LastStatus and var status })
            tags.Add("http.response.status_code", Statuses[status - FirstStatus]);
        tags.Add("network.protocol.version", VersionOf(exchange.Request.Version));
        tags.Add("url.scheme", "http");
        if (exchange.Outcome != ExchangeOutcome.Completed)
            tags.Add("error.type", EnumWords.Of(exchange.Outcome));
        _requests.Record(seconds, tags);
        if (exchange.Grpc is { } call)
            Record(call, exchange.Request.Target, seconds);
    }

    private static string MethodOf(ReadOnlySpan<byte> method)
    {
        foreach (var known in Methods)
        {
            if (System.Text.Ascii.Equals(method, known))
                return known;
        }

        return Other;
    }

    private static string VersionOf(HttpVersion version) => version switch
    {
        HttpVersion.Http10 => "1.0",
        HttpVersion.Http11 => "1.1",
        _ => "2",
    };

    private void Record(GrpcCall call, ReadOnlySpan<byte> path, double seconds)
    {
        var tags = new TagList { { "rpc.system.name", "grpc" }, { "rpc.method", GrpcMethodOf(path, isServed: call.Status == 0 || call.ResponseMessages > 0) } };
        if (call.Status is { } status)
            tags.Add("rpc.response.status_code", status >= 0 && status < GrpcStatuses.Length ? GrpcStatuses[status] : Other);
        _calls.Record(seconds, tags);
    }

    // The service has to serve a method once before it gets series of its own: clients can make names up.
    private string GrpcMethodOf(ReadOnlySpan<byte> path, bool isServed)
    {
        Span<char> name = stackalloc char[MaxMethodLength];
        if (!GrpcPath.TrySplit(path, out _, out _) || path.Length > MaxMethodLength || !Encoding.ASCII.TryGetChars(path[1..], name, out var length))
            return Other;
        return _grpcMethods.Find(name[..length], mayAdd: isServed) ?? Other;
    }
}
