using Prometheus;

namespace Chassis.Metrics;

/// <summary>One label set of one metric: prometheus-net's child, and when it was used. Any thread can write it.</summary>
internal sealed class MetricSeries(TagSet tags, ChildBase child)
{
    private readonly Counter.Child? _counter = child as Counter.Child;
    private readonly Gauge.Child? _gauge = child as Gauge.Child;
    private readonly Histogram.Child? _histogram = child as Histogram.Child;
    private bool _isUsed = true;

    public TagSet Tags => tags;

    /// <summary>The scrape in which an observable instrument last reported this series; 0 for other instruments.</summary>
    public long SeenInScrape { get; set; }

    /// <summary>Time of the last check that found it used.</summary>
    public long LastUsed { get; set; }

    /// <summary>Whether it was used since the last check.</summary>
    public bool IsUsed
    {
        get => Volatile.Read(ref _isUsed);
        set
        {
            // Usually it is true already, and then all cores can keep the cache line.
            if (_isUsed != value)
                Volatile.Write(ref _isUsed, value);
        }
    }

    /// <summary>Sets a total or a state that replaces the last one. A counter that falls keeps its highest value.</summary>
    public void Set(double value)
    {
        _counter?.IncTo(value);
        _gauge?.Set(value);
    }

    /// <summary>Adds one measurement of a counter or a histogram.</summary>
    public void Add(double value)
    {
        if (_histogram is { } histogram)
            histogram.Observe(value);
        else if (_gauge is { } gauge)
            gauge.Inc(value);
        // prometheus-net throws for a value below 0, and a measurement must not fail its caller.
        else if (!(value < 0))
            _counter!.Inc(value);
    }

    /// <summary>Removes it from the page.</summary>
    public void Remove() => child.Remove();
}
