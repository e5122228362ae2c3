using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Chassis.Metrics;

/// <summary>
/// Keeps the values of chosen meters and writes them in the Prometheus text format 0.0.4.
/// Measurements cost one dictionary look-up; observable instruments are asked at each scrape. Of an instrument with more than
/// 100 series, those that were not used for an hour leave.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>The media type of the text format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _scrapeLock = new();
    private long _scrape;

    /// <summary>Starts listening.</summary>
    /// <param name="meters">Names of the meters to export; all others are left out.</param>
    public PrometheusExporter(params IEnumerable<string> meters)
        : this(null, TimeProvider.System, meters)
    {
    }

    /// <summary>Starts listening to the meters of one application, of which a process may run several.</summary>
    /// <param name="factory">Maker of the application's meters. Those of other makers are left out, those without one (the runtime's) are not.</param>
    /// <param name="time">The clock by which series that are no longer used leave.</param>
    /// <param name="meters">Names of the meters to export; all others are left out.</param>
    public PrometheusExporter(IMeterFactory? factory, TimeProvider time, params IEnumerable<string> meters)
    {
        var wanted = meters.ToHashSet(StringComparer.Ordinal);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            var scope = instrument.Meter.Scope;
            if (wanted.Contains(instrument.Meter.Name) && (factory is null || scope is null || ReferenceEquals(scope, factory)))
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, i => new MetricFamily(i, time)));
        };
        // A disposed meter's instruments are gone: a process that makes meters anew must not export both.
        _listener.MeasurementsCompleted = (instrument, state) => _families.TryRemove(instrument, out var _);
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Record(state, (double)value, tags));
        _listener.Start();
    }

    /// <summary>Writes all families, sorted by name, each with HELP and TYPE. Scrapes run one after the other.</summary>
    /// <returns>What observable instruments threw, whose values are missing; null when all answered.</returns>
    public AggregateException? WriteTo(IBufferWriter<byte> output)
    {
        lock (_scrapeLock)
        {
            _scrape++;
            var failures = AskInstruments();
            foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                if (family.IsObservable)
                    family.Forget(_scrape);
                else
                    family.DropUnused();
                PrometheusText.Write(output, family);
            }

            return failures;
        }
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

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

    private void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var family = (MetricFamily)state!;
        var series = family.For(tags);
        if (family.IsObservable)
        {
            series.Set(value);
            series.SeenInScrape = _scrape;
        }
        else if (family.Type == MetricType.Histogram)
        {
            series.Observe(value);
        }
        else if (family.Accumulates)
        {
            series.Add(value);
        }
        else
        {
            series.Set(value);
        }
    }
}
