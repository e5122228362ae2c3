using System.Buffers;
using System.Globalization;
using System.Text;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>Records of one request, with the index and the ids that they keep over all attempts, also over midnight and a restart.</summary>
internal sealed class BulkBatch
{
    /// <summary>No records.</summary>
    public static readonly BulkBatch Empty = new("", []);

    // Around the index's name and the id, and the time of a data stream.
    private const int AroundRecord = 128;

    private readonly string _index;
    private readonly IReadOnlyList<(string Id, ReadOnlyMemory<byte> Line)> _records;

    private BulkBatch(string index, IReadOnlyList<(string, ReadOnlyMemory<byte>)> records) => (_index, _records) = (index, records);

    /// <summary>The number of records.</summary>
    public int Count => _records.Count;

    /// <summary>Makes one of lines: their source and numbers are the ids.</summary>
    public static BulkBatch Of(string index, LineBatch batch)
    {
        var records = new List<(string, ReadOnlyMemory<byte>)>(batch.Count);
        var (lines, number) = (batch.Lines, batch.First);
        for (; !lines.IsEmpty; number++)
        {
            var end = lines.Span.IndexOf((byte)'\n') + 1;
            records.Add((string.Create(CultureInfo.InvariantCulture, $"{batch.Source:x16}-{number:x}"), lines[..end]));
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
    /// <param name="isStream">Whether the index is a data stream.</param>
    public ReadOnlySpan<byte> Body(bool isStream)
    {
        var body = new ArrayBufferWriter<byte>(Math.Max(1, _records.Sum(record => record.Line.Length + record.Id.Length + _index.Length + AroundRecord)));
        foreach (var (id, line) in _records)
        {
            // Create, so that a second attempt finds the first one; a data stream takes nothing else.
            Encoding.UTF8.GetBytes($$$"""{"create":{"_index":"{{{_index}}}","_id":"{{{id}}}"}}""", body);
            body.Write("\n"u8);
            if (isStream)
                StreamDocument.Write(body, line.Span);
            else
                body.Write(line.Span);
        }

        return body.WrittenSpan;
    }
}
