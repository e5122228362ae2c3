using System.Globalization;

namespace Sidecar.Records.Command;

/// <summary>Counts, errors and latencies for each method and path template.</summary>
internal sealed class RecordSummary
{
    /// <summary>Most templates that have a line of their own; the others share one.</summary>
    public const int MaxTemplates = 500;

    private const string Other = "(other paths)";

    private readonly Dictionary<(string Method, string Template), Line> _lines = [];
    private readonly Line _total = new();

    public void Add(ReadRecord record)
    {
        var key = (record.IsGrpc ? "gRPC" : record.Method, PathTemplate.Of(record.Target));
        if (!_lines.TryGetValue(key, out var line))
        {
            if (_lines.Count >= MaxTemplates)
                key = ("", Other);
            if (!_lines.TryGetValue(key, out line))
                _lines.Add(key, line = new Line());
        }

        line.Add(record);
        _total.Add(record);
    }

    /// <summary>Writes the table, the most frequent first.</summary>
    public void WriteTo(TextWriter output)
    {
        output.WriteLine($"{"count",9}  {"errors",7}  {"p50",8}  {"p90",8}  {"p99",8}  method   path");
        foreach (var ((method, template), line) in _lines.OrderByDescending(l => l.Value.Count).ThenBy(l => l.Key.Template, StringComparer.Ordinal))
            output.WriteLine($"{line}  {Printable.Of(method),-7}  {Printable.Of(template)}");
        output.WriteLine($"{_total}  {(_lines.Count == 1 ? "1 path" : string.Create(CultureInfo.InvariantCulture, $"{_lines.Count} paths"))}");
    }

    private sealed class Line
    {
        private readonly LatencyHistogram _latencies = new();
        private long _errors;

        public long Count { get; private set; }

        public void Add(ReadRecord record)
        {
            Count++;
            _errors += record.IsError ? 1 : 0;
            if (record.Latency is { } latency)
                _latencies.Add(latency);
        }

        public override string ToString()
        {
            var rate = Count == 0 ? 0 : 100.0 * _errors / Count;
            return string.Create(CultureInfo.InvariantCulture, $"{Count,9}  {rate,6:F1}%  {Percentile(.5),8}  {Percentile(.9),8}  {Percentile(.99),8}");
        }

        private string Percentile(double share) => _latencies.Percentile(share) is { } latency ? Printable.Of(latency) : "-";
    }
}
