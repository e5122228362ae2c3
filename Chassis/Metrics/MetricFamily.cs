using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Chassis.Metrics;

/// <summary>One instrument and its series, under the name and type that Prometheus sees.</summary>
internal sealed class MetricFamily
{
    // The OpenTelemetry SDK's default cardinality limit. Beyond it series fall together into one that says so.
    private const int MaxSeries = 2000;

    // As many as fixed labels make. Those stay from the first use on, or from the start: rate() then sees each step.
    private const int MaxLasting = 100;

    // Beyond that, for what others can make up.
    private static readonly TimeSpan Unused = TimeSpan.FromHours(1);

    // Between two looks for places while there is none.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    // Tag sets that are known by reference; searched one after the other, so few.
    private const int MaxKnown = 16;
    private const string OverflowLabels = "otel_metric_overflow=\"true\"";

    // The runtime makes these two counters, though they fall as well; OpenTelemetry's conventions call them up-down counters.
    private static readonly HashSet<string> Falling = new(StringComparer.Ordinal) { "dotnet.thread_pool.thread.count", "dotnet.thread_pool.queue.length" };

    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MetricSeries>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly TimeProvider _time;
    private readonly Lock _looking = new();
    private KnownTags[] _known = [];
    private long _looked;

    public MetricFamily(Instrument instrument, TimeProvider time)
    {
        _time = time;
        _bySpan = _series.GetAlternateLookup<ReadOnlySpan<char>>();
        Type = TypeOf(instrument);
        Name = MetricNames.ForPrometheus(instrument.Name, instrument.Unit, Type);
        Help = string.IsNullOrEmpty(instrument.Description) ? instrument.Name : instrument.Description;
        IsObservable = instrument.IsObservable;
        Accumulates = !instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal);
        if (Type == MetricType.Histogram)
            Bounds = AdvisedBounds(instrument) ?? MetricNames.DefaultSecondsBuckets;
    }

    public string Name { get; }
    public string Help { get; }
    public MetricType Type { get; }
    public bool IsObservable { get; }

    /// <summary>Whether measurements are added up (counters, up-down counters) rather than replace each other (gauges).</summary>
    public bool Accumulates { get; }
    public double[]? Bounds { get; }
    public IEnumerable<MetricSeries> Series => _series.Values.OrderBy(s => s.Labels, StringComparer.Ordinal);

    public MetricSeries For(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = FindOrAdd(tags);
        series.IsUsed = true;
        return series;
    }

    /// <summary>Of a family of many series, drops those that were not used for an hour; one that is used again begins at zero.</summary>
    public void DropUnused()
    {
        lock (_looking)
        {
            var now = _looked = _time.GetTimestamp();
            foreach (var series in _series.Values)
            {
                if (series.IsUsed)
                    (series.LastUsed, series.IsUsed) = (now, false);
                else if (_series.Count > MaxLasting && _time.GetElapsedTime(series.LastUsed, now) >= Unused)
                    Drop(series);
            }
        }
    }

    private void Drop(MetricSeries series)
    {
        _series.TryRemove(series.Labels, out _);
        KnownTags[] known;
        do
            known = Volatile.Read(ref _known);
        while (Interlocked.CompareExchange(ref _known, Array.FindAll(known, k => k.Series != series), known) != known);
        // Whoever found it just before has counted there.
        if (series.IsUsed)
            _series.TryAdd(series.Labels, series);
    }

    private MetricSeries FindOrAdd(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Whoever passes the same strings each time is known without rendering them: a fifth of the time.
        foreach (var known in Volatile.Read(ref _known))
        {
            if (known.Are(tags))
                return known.Series;
        }

        var series = Find(tags);
        // An observable's series can be forgotten, and is asked for only at a scrape.
        if (!IsObservable)
            Remember(tags, series);
        return series;
    }

    /// <summary>Drops the series that an observable instrument no longer reports.</summary>
    public void Forget(long scrape)
    {
        foreach (var (labels, series) in _series)
        {
            if (series.SeenInScrape != scrape)
                _series.TryRemove(labels, out _);
        }
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Span<char> buffer = stackalloc char[512];
        var labels = new LabelWriter(buffer);
        foreach (var (name, value) in tags)
            labels.Append(name, value);
        if (_bySpan.TryGetValue(labels.Text, out var known))
            return known;
        if (_series.Count >= MaxSeries && _time.GetElapsedTime(Volatile.Read(ref _looked)) >= LookEvery)
            DropUnused();
        var text = _series.Count < MaxSeries ? labels.Text.ToString() : OverflowLabels;
        return _series.GetOrAdd(text, t => new MetricSeries(t, Bounds));
    }

    private void Remember(ReadOnlySpan<KeyValuePair<string, object?>> tags, MetricSeries series)
    {
        var known = Volatile.Read(ref _known);
        foreach (var (_, value) in tags)
        {
            // Others, numbers above all, are boxed anew for each measurement.
            if (value is not string)
                return;
        }

        // Lost to another thread: the next measurement tries again.
        if (known.Length < MaxKnown)
            Interlocked.CompareExchange(ref _known, [.. known, new KnownTags([.. tags], series)], known);
    }

    private static double[]? AdvisedBounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<float> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => null,
    };

    private static MetricType TypeOf(Instrument instrument)
    {
        if (Falling.Contains(instrument.Name))
            return MetricType.Gauge;
        var kind = instrument.GetType().Name;
        return kind.StartsWith("Histogram", StringComparison.Ordinal) ? MetricType.Histogram
            : kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal) ? MetricType.Counter
            : MetricType.Gauge;
    }
}

/// <summary>The series of a tag set whose strings are these very objects.</summary>
internal sealed record KnownTags(KeyValuePair<string, object?>[] Tags, MetricSeries Series)
{
    public bool Are(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length != Tags.Length)
            return false;
        for (var i = 0; i < tags.Length; i++)
        {
            if (!ReferenceEquals(tags[i].Value, Tags[i].Value) || !ReferenceEquals(tags[i].Key, Tags[i].Key))
                return false;
        }

        return true;
    }
}

internal enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}
