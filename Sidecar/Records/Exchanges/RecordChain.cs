using Sidecar.Observation;
using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges;

/// <summary>Records one connection's exchanges in one entry, then in the next entries.</summary>
/// <param name="entry">The entry.</param>
/// <param name="writer">Writes its lines; neighbouring entries with the same lines share it.</param>
/// <param name="budget">The limits for its records.</param>
/// <param name="next">The next entry; null after the last.</param>
internal sealed class RecordChain(RecordEntry entry, RecordWriter writer, RecordBudget budget, RecordChain? next)
{
    [ThreadStatic]
    private static JsonLine? _line;

    private readonly RecordEntry _entry = entry;
    private readonly RecordWriter _writer = writer;
    private readonly RecordBudget _budget = budget;
    private readonly RecordChain? _next = next;

    /// <summary>Writes a record of an exchange for each entry that wants one. It neither waits nor allocates.</summary>
    public void Write(Exchange exchange)
    {
        var line = _line ??= new JsonLine();
        try
        {
            WriteAll(line, exchange);
        }
        finally
        {
            line.Clear();
        }
    }

    private void WriteAll(JsonLine line, Exchange exchange)
    {
        var written = default(RecordWriter);
        for (var records = this; records is not null; records = records._next)
        {
            if (!records._entry.Takes(exchange, records._budget))
                continue;
            // Entries with the same lines share one line.
            if (written != records._writer)
            {
                line.Clear();
                written = records._writer;
                written.Write(line, exchange);
            }

            records._budget.Take(line.Length);
            records._entry.Sink.Write(line.Bytes, line.LateTexts);
        }
    }
}
