using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>Records of one request, with the index and the ids that they keep over all attempts, also over midnight.</summary>
internal sealed class BulkBatch
{
    /// <summary>No records.</summary>
    public static readonly BulkBatch Empty = new("", []);

    // Around the index's name and the id.
    private const int AroundAction = 64;

    private readonly string _index;
    private readonly IReadOnlyList<(string Id, ReadOnlyMemory<byte> Line)> _records;

    private BulkBatch(string index, IReadOnlyList<(string, ReadOnlyMemory<byte>)> records) => (_index, _records) = (index, records);

    /// <summary>The number of records.</summary>
    public int Count => _records.Count;

    /// <summary>Makes one of lines.</summary>
    /// <param name="index">The index.</param>
    /// <param name="lines">Each with its line feed.</param>
    /// <param name="count">Their number.</param>
    /// <param name="process">The beginning of all ids.</param>
    /// <param name="sequence">The number of the first record.</param>
    public static BulkBatch Of(string index, ReadOnlyMemory<byte> lines, int count, string process, long sequence)
    {
        var records = new List<(string, ReadOnlyMemory<byte>)>(count);
        for (; !lines.IsEmpty; sequence++)
        {
            var end = lines.Span.IndexOf((byte)'\n') + 1;
            records.Add(($"{process}-{sequence.ToString("x", CultureInfo.InvariantCulture)}", lines[..end]));
            lines = lines[end..];
        }

        return new BulkBatch(index, records);
    }

    /// <summary>Those at some positions.</summary>
    public BulkBatch Only(IReadOnlyList<int> positions) => new(_index, [.. positions.Select(position => _records[position])]);

    /// <summary>Two of about the same size.</summary>
    public (BulkBatch First, BulkBatch Second) Halves() => (new(_index, [.. _records.Take(Count / 2)]), new(_index, [.. _records.Skip(Count / 2)]));

    /// <summary>This one's, then the other's.</summary>
    public BulkBatch And(BulkBatch other) => new(_index, [.. _records, .. other._records]);

    /// <summary>The body of the request: an action and a document for each.</summary>
    public ReadOnlySpan<byte> Body()
    {
        var body = new ArrayBufferWriter<byte>(Math.Max(1, _records.Sum(record => record.Line.Length + record.Id.Length + _index.Length + AroundAction)));
        foreach (var (id, line) in _records)
        {
            // Create, so that a second attempt finds the first one.
            Encoding.UTF8.GetBytes($$$"""{"create":{"_index":"{{{_index}}}","_id":"{{{id}}}"}}""", body);
            body.Write("\n"u8);
            body.Write(line.Span);
        }

        return body.WrittenSpan;
    }
}
