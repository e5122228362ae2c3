namespace Chassis.Metrics;

/// <summary>One label set of one metric. Written by any thread, read by a scrape.</summary>
internal sealed class MetricSeries(string labels, double[]? bounds)
{
    private readonly long[] _buckets = bounds is null ? [] : new long[bounds.Length + 1];
    private double _value;
    private bool _isUsed = true;

    /// <summary>Rendered labels without braces: <c>listener="p1",role="p1"</c>.</summary>
    public string Labels => labels;

    public double Value => Volatile.Read(ref _value);

    /// <summary>The scrape in which an observable instrument last reported this series.</summary>
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

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double delta)
    {
        double seen, updated;
        do
        {
            seen = Volatile.Read(ref _value);
            updated = seen + delta;
        }
        while (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref _value, updated, seen)) != BitConverter.DoubleToInt64Bits(seen));
    }

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < bounds!.Length && value > bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
        Add(value);
    }

    public long Bucket(int index) => Interlocked.Read(ref _buckets[index]);
}
