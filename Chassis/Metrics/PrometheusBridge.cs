using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Prometheus;

namespace Chassis.Metrics;

/// <summary>
/// Feeds the measurements of chosen meters to prometheus-net, whose registry of its own writes the page. Observable instruments
/// are asked at each scrape. Of a name with more than 100 series, those that were not used for an hour leave.
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

    /// <summary>Starts listening to the meters of one application, of which a process may run several.</summary>
    /// <param name="factory">Maker of the application's meters. Those of other makers are left out, those without one (the runtime's) are not.</param>
    /// <param name="time">The clock by which series that are no longer used leave.</param>
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
        // A disposed meter's instruments are gone: a process that makes meters anew must not export both.
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

    /// <summary>Asks the observable instruments and writes all families, each with HELP and TYPE.</summary>
    /// <returns>What observable instruments threw, whose values are missing; null when all answered.</returns>
    public async Task<AggregateException?> WriteToAsync(Stream output, ExpositionFormat format, CancellationToken cancellation)
    {
        // Not a callback of the registry's: those only trace what they threw.
        var failures = Refresh();
        await _registry.CollectAndExportAsTextAsync(output, format, cancellation);
        return failures;
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    private AggregateException? Refresh()
    {
        // One scrape after the other: what one has just asked for is not yet forgotten by the next.
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
            // The listener has asked all of them before it throws.
            return failures;
        }
    }

    // Instruments of one name share a family, and with the same tags a series.
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

    /// <summary>Where an instrument's measurements go.</summary>
    /// <param name="Family">The series of its name.</param>
    /// <param name="IsObservable">Whether it is asked at each scrape.</param>
    /// <param name="Accumulates">Whether measurements are added up (counters, up-down counters) rather than replace each other (gauges).</param>
    private sealed record Feed(MetricFamily Family, bool IsObservable, bool Accumulates);
}
