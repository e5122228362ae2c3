using Prometheus;

namespace Chassis.Metrics;

/// <summary>One label set of one metric: prometheus-net's child, and when it was used. Written by any thread.</summary>
internal sealed class MetricSeries(TagSet tags, ChildBase child)
{
    private readonly Counter.Child? _counter = child as Counter.Child;
    private readonly Gauge.Child? _gauge = child as Gauge.Child;
    private readonly Histogram.Child? _histogram = child as Histogram.Child;
    private bool _isUsed = true;

    public TagSet Tags => tags;

    /// <summary>The scrape in which an observable instrument last reported this series; 0 for the others'.</summary>
    public long SeenInScrape { get; set; }

    /// <summary>When a look at the series last found that it had been used.</summary>
    public long LastUsed { get; set; }

    /// <summary>Whether it was used since the last look.</summary>
    public bool IsUsed
    {
        get => Volatile.Read(ref _isUsed);
        set
        {
            // Mostly it is so already: a line of cache that all cores may keep.
            if (_isUsed != value)
                Volatile.Write(ref _isUsed, value);
        }
    }

    /// <summary>A total or a state that replaces the last one. A counter that falls keeps its highest.</summary>
    public void Set(double value)
    {
        _counter?.IncTo(value);
        _gauge?.Set(value);
    }

    /// <summary>One more measurement of an instrument that adds up, or of a histogram.</summary>
    public void Add(double value)
    {
        if (_histogram is { } histogram)
            histogram.Observe(value);
        else if (_gauge is { } gauge)
            gauge.Inc(value);
        // prometheus-net throws at less than 0, and whoever measures must not fail by it.
        else if (!(value < 0))
            _counter!.Inc(value);
    }

    /// <summary>Takes it from the page.</summary>
    public void Remove() => child.Remove();
}
