using System.Globalization;

namespace Sidecar.Records.Command;

/// <summary>
/// Compares the exchanges of two files, as two observers of the same traffic have recorded them. Times, clients and connections do not
/// count, because the observers can stand on different sides of a proxy; the order does not count either.
/// </summary>
/// <param name="first">The name of the first file.</param>
/// <param name="second">The name of the second.</param>
internal sealed class RecordComparison(string first, string second)
{
    /// <summary>Most differences that have a line of their own.</summary>
    public const int MaxLines = 100;

    private readonly Dictionary<Exchange, (long First, long Second)> _counts = [];
    private long _inFirst;
    private long _inSecond;

    /// <summary>Whether both files have the same exchanges, at least one.</summary>
    public bool AreEqual => _counts.Count > 0 && _counts.Values.All(count => count.First == count.Second);

    /// <summary>Adds a record of one of the files.</summary>
    public void Add(ReadRecord record, bool isOfFirst)
    {
        var key = Exchange.Of(record);
        var (inFirst, inSecond) = _counts.GetValueOrDefault(key);
        _counts[key] = isOfFirst ? (inFirst + 1, inSecond) : (inFirst, inSecond + 1);
        if (isOfFirst)
            _inFirst++;
        else
            _inSecond++;
    }

    /// <summary>Writes what only one of the files has, and the totals.</summary>
    public void WriteTo(TextWriter output)
    {
        var lines = 0;
        // What differs in a part stands together.
        var differences = _counts.Where(entry => entry.Value.First != entry.Value.Second)
            .OrderBy(entry => entry.Key.Target, StringComparer.Ordinal).ThenBy(entry => entry.Key.Method, StringComparer.Ordinal).ThenByDescending(entry => entry.Value.First - entry.Value.Second);
        foreach (var (exchange, (inFirst, inSecond)) in differences)
        {
            if (++lines > MaxLines)
                continue;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"only in {(inFirst > inSecond ? first : second),-20}  {Math.Abs(inFirst - inSecond),6} x  {exchange}"));
        }

        if (lines > MaxLines)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and {lines - MaxLines} more"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{first}: {_inFirst} exchanges; {second}: {_inSecond} exchanges; {(_counts.Count == 0 ? "nothing to compare" : lines == 0 ? "no difference" : $"{lines} difference(s)")}"));
        output.Flush();
    }

    private sealed record Exchange(string Protocol, string Method, string Target, int? Status, string? Outcome, long? RequestBytes, long? ResponseBytes, int? GrpcStatus)
    {
        public static Exchange Of(ReadRecord record) =>
            new(record.Protocol, record.Method, record.Target, record.Status, record.Outcome, record.RequestBytes, record.ResponseBytes, record.GrpcStatus);

        public override string ToString()
        {
            var grpc = GrpcStatus is { } status ? $", gRPC status {status}" : "";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Protocol} {Printable.Of(Method)} {Printable.Of(Target)} {Status?.ToString(CultureInfo.InvariantCulture) ?? "-"} {Outcome ?? ""}{grpc}, {RequestBytes ?? 0} and {ResponseBytes ?? 0} bytes");
        }
    }
}
