using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Prometheus;

namespace Chassis.Metrics;

/// <summary>
/// Passes the measurements of chosen meters to prometheus-net, which writes the page from a registry of this bridge. Observable
/// instruments are read at each scrape. If a name has more than 100 series, those that were not used for an hour are removed.
/// </summary>
public sealed class PrometheusBridge : IDisposable
{
    private readonly CollectorRegistry _registry = global::Prometheus.Metrics.NewCustomRegistry();
    private readonly MetricFactory _factory;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _publishing = new();
    private readonly Lock _refreshing = new();
    private long _scrape;

    /// <summary>Starts listening.</summary>
    /// <param name="meters">Names of the meters to export; all others are left out.</param>
    public PrometheusBridge(params IEnumerable<string> meters)
        : this(null, TimeProvider.System, meters)
    {
    }

    /// <summary>Starts listening to the meters of one application; a process can run several applications.</summary>
    /// <param name="factory">
    /// Maker of the application's meters. Meters of other makers are left out; meters without a maker (the runtime's) are exported.
    /// </param>
    /// <param name="time">The clock that says when unused series are removed.</param>
    /// <param name="meters">Names of the meters to export; all others are left out.</param>
    public PrometheusBridge(IMeterFactory? factory, TimeProvider time, params IEnumerable<string> meters)
    {
        (_factory, _time) = (global::Prometheus.Metrics.WithCustomRegistry(_registry), time);
        var wanted = meters.ToHashSet(StringComparer.Ordinal);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            var scope = instrument.Meter.Scope;
            if (wanted.Contains(instrument.Meter.Name) && (factory is null || scope is null || ReferenceEquals(scope, factory)))
                listener.EnableMeasurementEvents(instrument, Enter(instrument));
        };
        // The instruments of a disposed meter are gone: a process that makes a meter again must not export both.
        _listener.MeasurementsCompleted = (_, state) => Leave((Feed)state!);
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Record(state, (double)value, tags));
        _listener.Start();
    }

    /// <summary>Reads the observable instruments and writes all families, each with HELP and TYPE.</summary>
    /// <returns>The errors of observable instruments, with values that are missing from the page; null if all answered.</returns>
    public async Task<AggregateException?> WriteToAsync(Stream output, ExpositionFormat format, CancellationToken cancellation)
    {
        // Not a callback of the registry: the registry only traces errors of callbacks.
        var failures = Refresh();
        await _registry.CollectAndExportAsTextAsync(output, format, cancellation);
        return failures;
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    private AggregateException? Refresh()
    {
        // One scrape after the other, so that a scrape does not drop the series that another one has just read.
        lock (_refreshing)
        {
            _scrape++;
            var failures = AskInstruments();
            foreach (var family in _families.Values)
            {
                family.Forget(_scrape);
                family.DropUnused();
            }

            return failures;
        }
    }

    private AggregateException? AskInstruments()
    {
        try
        {
            _listener.RecordObservableInstruments();
            return null;
        }
        catch (AggregateException failures)
        {
            // The listener has read all of them before it throws.
            return failures;
        }
    }

    // Instruments with one name share a family, and a series if they have the same tags.
    private Feed Enter(Instrument instrument)
    {
        lock (_publishing)
        {
            var source = new FamilySource(_factory, instrument);
            var family = _families.GetOrAdd(source.Name, _ => new MetricFamily(source, _time));
            if (family.Type != source.Type)
                throw new InvalidOperationException($"{source.Name} is a {family.Type} already: the instrument {instrument.Name} cannot be a {source.Type} of that name");
            family.Instruments++;
            return new Feed(family, instrument.IsObservable, !instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal));
        }
    }

    private void Leave(Feed feed)
    {
        lock (_publishing)
        {
            if (--feed.Family.Instruments == 0)
                feed.Family.Clear();
        }
    }

    private void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var feed = (Feed)state!;
        var series = feed.Family.For(tags, mayRemember: !feed.IsObservable);
        if (feed.IsObservable)
            series.SeenInScrape = _scrape;
        if (feed.IsObservable || !feed.Accumulates)
            series.Set(value);
        else
            series.Add(value);
    }

    /// <summary>Where the measurements of an instrument go.</summary>
    /// <param name="Family">The series of its name.</param>
    /// <param name="IsObservable">Whether it is read at each scrape.</param>
    /// <param name="Accumulates">Whether measurements are added up (counters, up-down counters) or replace each other (gauges).</param>
    private sealed record Feed(MetricFamily Family, bool IsObservable, bool Accumulates);
}
