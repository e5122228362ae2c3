using Chassis.Records;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges;

/// <summary>Writes a record of each exchange that is wanted. Any thread may call it; it neither waits nor allocates.</summary>
internal sealed class ExchangeRecorder(ExchangeFilter filter, PeriscoWriter writer, LineSink sink) : IReopenable, IAsyncDisposable
{
    [ThreadStatic]
    private static JsonLine? _line;

    /// <summary>Records lost so far.</summary>
    public long Dropped => sink.Dropped;

    /// <inheritdoc/>
    public bool IsFile => sink.IsFile;

    public void Write(ExchangeOrigin origin, Exchange exchange)
    {
        if (!filter.Accepts(exchange))
            return;
        var line = _line ??= new JsonLine();
        try
        {
            var late = writer.Write(line, origin, exchange);
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
