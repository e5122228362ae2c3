using System.Diagnostics.Metrics;
using Chassis.Records;

namespace Sidecar.Telemetry;

/// <summary>Metrics of records: taken by their output, waiting for it, lost.</summary>
internal sealed class RecordMetrics
{
    private readonly List<(KeyValuePair<string, object?>[] Labels, Func<long> Count)> _dropped = [];
    private readonly List<(KeyValuePair<string, object?>[] Labels, LineSink Sink)> _sinks = [];

    public RecordMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(SidecarMetrics.MeterName);
        meter.CreateObservableCounter("sidecar.records.dropped", MeasureDropped, null, "Records lost, by sink and reason.");
        meter.CreateObservableCounter("sidecar.records.sent", () => OfSinks<long>(sink => sink.Sent), null, "Records of exchanges that their output has taken.");
        meter.CreateObservableGauge("sidecar.records.last_success.timestamp", () => OfSinks(sink => sink.LastSuccess?.ToUnixTimeMilliseconds() / 1000.0), "s", "When the output last took records of exchanges, in seconds since 1970.");
        meter.CreateObservableUpDownCounter("sidecar.records.waiting", () => OfSinks<long>(sink => sink.Held), "By", "Memory of records of exchanges that wait for their output.");
        meter.CreateObservableUpDownCounter("sidecar.records.in_queue", () => OfSinks<long>(sink => sink.Waiting), null, "Records of exchanges that wait in memory for their output.");
        meter.CreateObservableUpDownCounter("sidecar.records.in_spool", () => OfSinks(sink => sink.Spool?.Records), null, "Records of exchanges that wait on disk for their output.");
        meter.CreateObservableUpDownCounter("sidecar.records.spooled", () => OfSinks(sink => sink.Spool?.Bytes), "By", "Bytes of the files with records of exchanges that wait for their output.");
    }

    /// <summary>Exports the number of records that a sink has lost, by reason.</summary>
    /// <param name="sink">The kind of its records.</param>
    /// <param name="entry">The name of its entry in a list; null for the only one.</param>
    /// <param name="dropped">The numbers of lost records, by reason.</param>
    public void ObserveDropped(string sink, string? entry, params (string Reason, Func<long> Count)[] dropped)
    {
        var labels = LabelsOf(sink, entry);
        lock (_dropped)
            _dropped.AddRange(dropped.Select(d => (labels.Append(new("reason", d.Reason)).ToArray(), d.Count)));
    }

    /// <summary>Exports how many records an entry's output has taken, those that wait for it in memory and on disk, and when it last took some.</summary>
    public void Observe(string? entry, LineSink sink)
    {
        lock (_sinks)
            _sinks.Add((LabelsOf("exchanges", entry), sink));
    }

    private static KeyValuePair<string, object?>[] LabelsOf(string sink, string? entry) => entry is null ? [new("sink", sink)] : [new("sink", sink), new("entry", entry)];

    // Without those that have no value yet.
    private IEnumerable<Measurement<T>> OfSinks<T>(Func<LineSink, T?> value)
        where T : struct
    {
        lock (_sinks)
            return [.. from entry in _sinks let measured = value(entry.Sink) where measured is not null select new Measurement<T>(measured.Value, entry.Labels)];
    }

    // One instrument for all sinks, because a page with a name twice is not valid.
    private IEnumerable<Measurement<long>> MeasureDropped()
    {
        lock (_dropped)
            return [.. _dropped.Select(d => new Measurement<long>(d.Count(), d.Labels))];
    }
}
