using Chassis.Records;
using Sidecar.Observation;
using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges;

/// <summary>Writes a record of each exchange that is wanted. Any thread may call it; it neither waits nor allocates.</summary>
internal sealed class ExchangeRecorder(ExchangeFilter filter, PeriscoWriter writer, RecordBudgets budgets, LineSink sink) : IReopenable, IAsyncDisposable
{
    [ThreadStatic]
    private static JsonLine? _line;

    private long _overConnectionRate;
    private long _overClientRate;

    /// <summary>What each connection's records may come to.</summary>
    public RecordBudgets Budgets => budgets;

    /// <summary>Records lost so far on their way to the output.</summary>
    public long Dropped => sink.Dropped;

    /// <summary>Records left out so far because their connection had too many.</summary>
    public long OverConnectionRate => Interlocked.Read(ref _overConnectionRate);

    /// <summary>Records left out so far because their client had too many.</summary>
    public long OverClientRate => Interlocked.Read(ref _overClientRate);

    /// <inheritdoc/>
    public bool IsFile => sink.IsFile;

    public void Write(ExchangeOrigin origin, Exchange exchange)
    {
        if (!filter.Accepts(exchange))
            return;
        var over = origin.Budget?.Check(exchange.Ended) ?? OverRate.No;
        if (over != OverRate.No)
        {
            Interlocked.Increment(ref over == OverRate.Connection ? ref _overConnectionRate : ref _overClientRate);
            return;
        }

        var line = _line ??= new JsonLine();
        try
        {
            var late = writer.Write(line, origin, exchange);
            origin.Budget?.Take(line.Length);
            if (late < 0)
                sink.Write(line.Bytes);
            else
                sink.Write(line.Bytes, late, origin.Process);
        }
        finally
        {
            line.Clear();
        }
    }

    /// <inheritdoc/>
    public Task ReopenAsync() => sink.ReopenAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => sink.DisposeAsync();
}
