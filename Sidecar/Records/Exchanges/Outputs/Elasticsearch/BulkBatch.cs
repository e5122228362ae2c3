using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>Records of one request, each with the id that it keeps over all attempts.</summary>
internal sealed class BulkBatch
{
    /// <summary>No records.</summary>
    public static readonly BulkBatch Empty = new([]);

    // Around the index's name and the id.
    private const int AroundAction = 64;

    private readonly IReadOnlyList<(string Id, ReadOnlyMemory<byte> Line)> _records;

    private BulkBatch(IReadOnlyList<(string, ReadOnlyMemory<byte>)> records) => _records = records;

    /// <summary>The number of records.</summary>
    public int Count => _records.Count;

    /// <summary>Makes one of lines.</summary>
    /// <param name="lines">Each with its line feed.</param>
    /// <param name="count">Their number.</param>
    /// <param name="process">The beginning of all ids.</param>
    /// <param name="sequence">The number of the first record.</param>
    public static BulkBatch Of(ReadOnlyMemory<byte> lines, int count, string process, long sequence)
    {
        var records = new List<(string, ReadOnlyMemory<byte>)>(count);
        for (; !lines.IsEmpty; sequence++)
        {
            var end = lines.Span.IndexOf((byte)'\n') + 1;
            records.Add(($"{process}-{sequence.ToString("x", CultureInfo.InvariantCulture)}", lines[..end]));
            lines = lines[end..];
        }

        return new BulkBatch(records);
    }

    /// <summary>Those at some positions.</summary>
    public BulkBatch Only(IReadOnlyList<int> positions) => new([.. positions.Select(position => _records[position])]);

    /// <summary>Two of about the same size.</summary>
    public (BulkBatch First, BulkBatch Second) Halves() => (new([.. _records.Take(Count / 2)]), new([.. _records.Skip(Count / 2)]));

    /// <summary>This one's, then the other's.</summary>
    public BulkBatch And(BulkBatch other) => new([.. _records, .. other._records]);

    /// <summary>The body of the request: an action and a document for each.</summary>
    /// <param name="index">The index.</param>
    public ReadOnlySpan<byte> Body(string index)
    {
        var body = new ArrayBufferWriter<byte>(Math.Max(1, _records.Sum(record => record.Line.Length + record.Id.Length + index.Length + AroundAction)));
        foreach (var (id, line) in _records)
        {
            // Create, so that a second attempt finds the first one.
            Encoding.UTF8.GetBytes($$$"""{"create":{"_index":"{{{index}}}","_id":"{{{id}}}"}}""", body);
            body.Write("\n"u8);
            body.Write(line.Span);
        }

        return body.WrittenSpan;
    }
}
