using System.Collections.Concurrent;

namespace Chassis.Metrics;

/// <summary>The series of one name, and which of them a measurement's tags mean.</summary>
/// <param name="source">Makes prometheus-net's children.</param>
/// <param name="time">The clock by which series that are no longer used leave.</param>
internal sealed class MetricFamily(FamilySource source, TimeProvider time)
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

    private readonly ConcurrentDictionary<TagSet, MetricSeries> _series = new(TagSetComparer.Instance);
    private readonly Lock _changing = new();
    private KnownTags[] _known = [];
    private MetricSeries? _overflow;
    private long _looked;

    public MetricType Type => source.Type;

    /// <summary>How many instruments have this name.</summary>
    public int Instruments { get; set; }

    /// <summary>The series of a measurement, which is made if it is new.</summary>
    /// <param name="tags">The measurement's tags.</param>
    /// <param name="mayRemember">Whether the tags may be known by reference: not where series can vanish at each scrape.</param>
    public MetricSeries For(ReadOnlySpan<KeyValuePair<string, object?>> tags, bool mayRemember)
    {
        var series = FindOrAdd(tags, mayRemember);
        series.IsUsed = true;
        return series;
    }

    /// <summary>Of a family of many series, drops those that were not used for an hour; one that is used again begins at zero.</summary>
    public void DropUnused()
    {
        lock (_changing)
        {
            var now = _looked = time.GetTimestamp();
            foreach (var series in _series.Values)
            {
                if (series.IsUsed)
                    (series.LastUsed, series.IsUsed) = (now, false);
                else if (series.SeenInScrape == 0 && time.GetElapsedTime(series.LastUsed, now) >= Unused && _series.Count > MaxLasting)
                    Drop(series);
            }

            if (_series.Count < MaxSeries)
                Volatile.Write(ref _overflow, null);
        }
    }

    /// <summary>Drops the series that an observable instrument no longer reports.</summary>
    public void Forget(long scrape)
    {
        lock (_changing)
        {
            foreach (var series in _series.Values)
            {
                if (series.SeenInScrape != 0 && series.SeenInScrape != scrape)
                    Drop(series, isSure: true);
            }
        }
    }

    /// <summary>Drops all: no instrument has this name any more.</summary>
    public void Clear()
    {
        lock (_changing)
        {
            foreach (var series in _series.Values)
                Drop(series, isSure: true);
        }
    }

    private void Drop(MetricSeries series, bool isSure = false)
    {
        _series.TryRemove(series.Tags, out _);
        Interlocked.CompareExchange(ref _overflow, null, series);
        KnownTags[] known;
        do
            known = Volatile.Read(ref _known);
        while (Interlocked.CompareExchange(ref _known, Array.FindAll(known, k => k.Series != series), known) != known);
        // Whoever found it just before has counted there.
        if (series.IsUsed && !isSure)
            _series.TryAdd(series.Tags, series);
        else
            series.Remove();
    }

    private MetricSeries FindOrAdd(ReadOnlySpan<KeyValuePair<string, object?>> tags, bool mayRemember)
    {
        // Whoever passes the same strings each time is known without a look at them.
        foreach (var known in Volatile.Read(ref _known))
        {
            if (known.Are(tags))
                return known.Series;
        }

        if (!_series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>().TryGetValue(tags, out var series))
            return Add(tags);
        if (mayRemember)
            Remember(tags, series);
        return series;
    }

    private MetricSeries Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Those that are made up without end must not queue at the lock.
        if (Volatile.Read(ref _overflow) is { } full && time.GetElapsedTime(Volatile.Read(ref _looked)) < LookEvery)
            return full;
        // With the lock: a series that is dropped and one that is made anew share a child.
        lock (_changing)
        {
            if (_series.Count >= MaxSeries && time.GetElapsedTime(_looked) >= LookEvery)
                DropUnused();
            var isFull = _series.Count >= MaxSeries;
            var series = _series.GetOrAdd(isFull ? TagSet.Overflow : TagSet.Of(tags), source.NewSeries);
            if (isFull)
                Volatile.Write(ref _overflow, series);
            return series;
        }
    }

    private void Remember(ReadOnlySpan<KeyValuePair<string, object?>> tags, MetricSeries series)
    {
        var known = Volatile.Read(ref _known);
        if (known.Length >= MaxKnown)
            return;
        foreach (var (_, value) in tags)
        {
            // Others, numbers above all, are boxed anew for each measurement.
            if (value is not string)
                return;
        }

        // Lost to another thread: the next measurement tries again.
        Interlocked.CompareExchange(ref _known, [.. known, new KnownTags([.. tags], series)], known);
    }
}
