using System.Diagnostics.Metrics;
using Prometheus;

namespace Chassis.Metrics;

/// <summary>An instrument as Prometheus sees it: name, type, help and buckets, and its children in prometheus-net.</summary>
internal sealed class FamilySource
{
    // The runtime makes these two counters, although they can fall; OpenTelemetry's conventions call them up-down counters.
    private static readonly HashSet<string> Falling = new(StringComparer.Ordinal) { "dotnet.thread_pool.thread.count", "dotnet.thread_pool.queue.length" };

    // A trace id beside a value would need a look at the current activity for each measurement.
    private static readonly ExemplarBehavior NoExemplars = ExemplarBehavior.NoExemplars();
    private static readonly CounterConfiguration Counters = new() { SuppressInitialValue = true, ExemplarBehavior = NoExemplars };
    private static readonly GaugeConfiguration Gauges = new() { SuppressInitialValue = true };

    private readonly MetricFactory _factory;
    private readonly string _help;
    private readonly HistogramConfiguration? _histograms;

    public FamilySource(MetricFactory factory, Instrument instrument)
    {
        _factory = factory;
        Type = TypeOf(instrument);
        Name = MetricNames.ForPrometheus(instrument.Name, instrument.Unit, Type);
        // prometheus-net writes the text without changes.
        _help = (string.IsNullOrEmpty(instrument.Description) ? instrument.Name : instrument.Description)
            .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        if (Type == MetricType.Histogram)
            _histograms = new() { SuppressInitialValue = true, ExemplarBehavior = NoExemplars, Buckets = AdvisedBounds(instrument) ?? MetricNames.DefaultSecondsBuckets };
    }

    public string Name { get; }
    public MetricType Type { get; }

    /// <summary>A series of this name. Label sets with other label names get separate collectors, which share a family.</summary>
    public MetricSeries NewSeries(TagSet tags)
    {
        var (names, values) = tags.Labels();
        ChildBase child = Type switch
        {
            MetricType.Counter => _factory.CreateCounter(Name, _help, names, Counters).WithLabels(values),
            MetricType.Gauge => _factory.CreateGauge(Name, _help, names, Gauges).WithLabels(values),
            _ => _factory.CreateHistogram(Name, _help, names, _histograms).WithLabels(values),
        };
        return new MetricSeries(tags, child);
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

internal enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}
