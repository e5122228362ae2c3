using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges;

/// <summary>Records exchanges in all entries of the configuration. Each filters, writes and loses records by itself.</summary>
/// <param name="entries">At least one; entries that share a format stand side by side.</param>
internal sealed class ExchangeRecorder(IReadOnlyList<RecordEntry> entries) : IReopenable, IAsyncDisposable
{
    /// <summary>The entries, those with the same lines side by side.</summary>
    public IReadOnlyList<RecordEntry> Entries => entries;

    /// <inheritdoc/>
    public bool IsFile => entries.Any(entry => entry.Sink.IsFile);

    /// <summary>Whether an output has so many records to write that it would soon drop some.</summary>
    public bool IsBehind => entries.Any(entry => entry.Sink.Held > entry.Options.Queue / 2);

    /// <summary>Returns the chain that records a connection's exchanges, on any thread, one at a time; null if no entry takes them.</summary>
    public RecordChain? Begin(in ExchangeOrigin origin)
    {
        var (records, written, writer) = (default(RecordChain), default(RecordFormat), default(RecordWriter));
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            var entry = entries[i];
            if (!entry.Takes(origin))
                continue;
            if (writer is null || entry.Format != written)
                (writer, written) = (entry.WriterFor(origin), entry.Format);
            records = new RecordChain(entry, writer, entry.BudgetFor(origin.Client.Host), records);
        }

        return records;
    }

    /// <inheritdoc/>
    public Task ReopenAsync() => Task.WhenAll(entries.Select(entry => entry.Sink.ReopenAsync()));

    /// <summary>Writes the records that still wait, for all entries at the same time, and closes their outputs.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(entries.Select(entry => entry.Sink.DisposeAsync().AsTask()));
}
