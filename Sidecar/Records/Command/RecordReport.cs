namespace Sidecar.Records.Command;

/// <summary>Shows the chosen records as they come, and their summary at the end.</summary>
/// <param name="output">The output.</param>
/// <param name="choice">The choice of records.</param>
/// <param name="table">Shows each record; null shows none.</param>
internal sealed class RecordReport(TextWriter output, RecordChoice choice, RecordTable? table)
{
    private readonly RecordSummary _summary = new();

    /// <summary>Lines that are not records of an exchange.</summary>
    public long Others { get; private set; }

    public async Task AddAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> lines)
    {
        await foreach (var line in lines)
            Add(line);
    }

    /// <summary>Writes the summary.</summary>
    public void End()
    {
        if (table is { HasLines: true })
            output.WriteLine();
        _summary.WriteTo(output);
        output.Flush();
    }

    private void Add(ReadOnlyMemory<byte> line)
    {
        if (ReadRecord.TryParse(line) is not { } record)
        {
            Others++;
        }
        else if (choice.Accepts(record))
        {
            table?.Add(record);
            _summary.Add(record);
        }
    }
}
