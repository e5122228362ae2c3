namespace Sidecar.Records.Exchanges;

/// <summary>Records exchanges in all entries of the configuration. Each filters, writes and loses records by itself.</summary>
/// <param name="entries">At least one; entries that share a format stand side by side.</param>
internal sealed class ExchangeRecorder(IReadOnlyList<RecordEntry> entries) : IReopenable, IAsyncDisposable
{
    /// <summary>The entries, those with the same lines side by side.</summary>
    public IReadOnlyList<RecordEntry> Entries => entries;

    /// <inheritdoc/>
    public bool IsFile => entries.Any(entry => entry.Sink.IsFile);

    /// <summary>Returns the chain that records a connection's exchanges, on any thread, one at a time.</summary>
    public RecordChain Begin(in ExchangeOrigin origin)
    {
        var client = origin.Client.Host;
        var last = entries.Count - 1;
        var writer = entries[last].Format.For(origin);
        var records = new RecordChain(entries[last], writer, entries[last].BudgetFor(client), origin.Process, next: null);
        for (var i = last - 1; i >= 0; i--)
        {
            if (entries[i].Format != entries[i + 1].Format)
                writer = entries[i].Format.For(origin);
            records = new RecordChain(entries[i], writer, entries[i].BudgetFor(client), origin.Process, records);
        }

        return records;
    }

    /// <inheritdoc/>
    public Task ReopenAsync() => Task.WhenAll(entries.Select(entry => entry.Sink.ReopenAsync()));

    /// <summary>Writes the records that still wait, for all entries at the same time, and closes their outputs.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(entries.Select(entry => entry.Sink.DisposeAsync().AsTask()));
}
