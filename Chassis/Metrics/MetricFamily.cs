using System.Collections.Concurrent;

namespace Chassis.Metrics;

/// <summary>The series of one name; finds the series for a measurement's tags.</summary>
/// <param name="source">Makes prometheus-net's children.</param>
/// <param name="time">The clock that says when unused series are removed.</param>
internal sealed class MetricFamily(FamilySource source, TimeProvider time)
{
    // The OpenTelemetry SDK's default cardinality limit. Further series are counted together in the overflow series.
    private const int MaxSeries = 2000;

    // As many as fixed labels make. These are never removed, so that rate() sees each step.
    private const int MaxLasting = 100;

    // In larger families, with labels that clients can make up.
    private static readonly TimeSpan Unused = TimeSpan.FromHours(1);

    // Between two searches for unused series while the family is full.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    // Tag sets that are known by reference. They are searched one after the other, so there are few.
    private const int MaxKnown = 16;

    private readonly ConcurrentDictionary<TagSet, MetricSeries> _series = new(TagSetComparer.Instance);
    private readonly Lock _changing = new();
    private KnownTags[] _known = [];
    private MetricSeries? _overflow;
    private long _looked;

    public MetricType Type => source.Type;

    /// <summary>How many instruments have this name.</summary>
    public int Instruments { get; set; }

    /// <summary>The series of a measurement; a new one is made if needed.</summary>
    /// <param name="tags">The measurement's tags.</param>
    /// <param name="mayRemember">Whether to remember the tags by reference; false if series can be removed at each scrape.</param>
    public MetricSeries For(ReadOnlySpan<KeyValuePair<string, object?>> tags, bool mayRemember)
    {
        var series = FindOrAdd(tags, mayRemember);
        series.IsUsed = true;
        return series;
    }

    /// <summary>
    /// In a family with many series, drops those that were not used for an hour. A series that is used again begins at zero.
    /// </summary>
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

    /// <summary>Drops all series: no instrument has this name any more.</summary>
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
        // A thread that found the series just before may have counted in it.
        if (series.IsUsed && !isSure)
            _series.TryAdd(series.Tags, series);
        else
            series.Remove();
    }

    private MetricSeries FindOrAdd(ReadOnlySpan<KeyValuePair<string, object?>> tags, bool mayRemember)
    {
        // A caller that always passes the same strings is found by reference, without comparing them.
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
        // Made-up tag sets, of which there can be any number, must not wait at the lock.
        if (Volatile.Read(ref _overflow) is { } full && time.GetElapsedTime(Volatile.Read(ref _looked)) < LookEvery)
            return full;
        // With the lock, because a dropped series and a new series for the same labels share a child.
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
            // Other values, numbers above all, are boxed anew for each measurement.
            if (value is not string)
                return;
        }

        // If another thread was faster, the next measurement tries again.
        Interlocked.CompareExchange(ref _known, [.. known, new KnownTags([.. tags], series)], known);
    }
}
