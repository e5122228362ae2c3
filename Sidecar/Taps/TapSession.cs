using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Sidecar.Connections;

namespace Sidecar.Taps;

/// <summary>One reader that watches the live connections with an id until they end, or the time or the size limit is reached.</summary>
/// <param name="reports">The connections; each one relays.</param>
/// <param name="bytes">The number of bytes of a chunk that are shown.</param>
/// <param name="limit">The time limit.</param>
/// <param name="time">The clock.</param>
internal sealed class TapSession(IReadOnlyList<ConnectionInfo> reports, int bytes, TimeSpan limit, TimeProvider time)
{
    // More than a person reads in a day, and not too much for a terminal that keeps it.
    private const long MaxText = 16 * 1024 * 1024;

    // The size of one write: many chunks of a busy connection, and little memory.
    private const int BlockSize = 16 * 1024;

    private readonly Tap _tap = new(bytes, time);
    private readonly List<(IRelayDirection Direction, TapPoint Point)> _points = [];
    private readonly StringBuilder _text = new();
    private long _written;
    private bool _isFlushing;

    /// <summary>Writes the chunks that pass. A reader that takes nothing blocks this call but no connection.</summary>
    /// <returns>Whether the reader kept up to the end; if not, nothing more will reach it.</returns>
    /// <exception cref="OperationCanceledException">Cancelled from outside.</exception>
    public async Task<bool> RunAsync(PipeWriter output, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            Attach();
            _ = CompleteWithConnectionsAsync(stop.Token);
            await WriteChunksAsync(output, stop.Token);
            _text.AppendSkipped(_tap.TakeSkipped());
            _text.Append(_written < MaxText ? $"\nended: {string.Join(", ", reports.Select(r => r.Ending.Reason.Word()))}\n" : "\nended: enough is shown\n");
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            _text.Append(CultureInfo.InvariantCulture, $"\nended: {limit.TotalSeconds} s are over\n");
        }
        finally
        {
            // Also ends the wait for the connections.
            await stop.CancelAsync();
            foreach (var (direction, point) in _points)
                direction.Unwatch(point);
        }

        Encoding.UTF8.GetBytes(_text.ToString(), output);
        return !_isFlushing;
    }

    private void Attach()
    {
        _text.Append(CultureInfo.InvariantCulture, $"tap of {reports[0].Id}: the first {bytes} bytes of each chunk, for at most {limit.TotalSeconds} s\n");
        var listeners = new List<string>();
        foreach (var info in reports)
        {
            // A peer can give several connections of one listener the same id.
            listeners.Add(info.Listener.Name);
            var number = listeners.Count(name => name == info.Listener.Name);
            var label = number == 1 ? info.Listener.Name : $"{info.Listener.Name} #{number}";
            _text.AppendConnection(label, info);
            foreach (var way in new[] { Direction.Request, Direction.Response })
            {
                var (direction, point) = (info.Relay![way], new TapPoint(_tap, label, way));
                _points.Add((direction, point));
                direction.Watch(point);
            }
        }
    }

    private async Task CompleteWithConnectionsAsync(CancellationToken cancellation)
    {
        // However they ended, and whether or not the call was cancelled.
        await Task.WhenAll(reports.Select(info => info.Accounted.WaitAsync(cancellation))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Never on the thread that accounts for a connection, because it is an event loop.
        await Task.Yield();
        _tap.Complete();
    }

    private async Task WriteChunksAsync(PipeWriter output, CancellationToken cancellation)
    {
        do
        {
            while (_text.Length < BlockSize && _tap.Chunks.TryRead(out var chunk))
                _text.AppendChunk(chunk);
            if (_text.Length < BlockSize)
                _text.AppendSkipped(_tap.TakeSkipped());
            _written += Encoding.UTF8.GetBytes(_text.ToString(), output);
            _text.Clear();
            _isFlushing = true;
            await output.FlushAsync(cancellation);
            _isFlushing = false;
        }
        while (_written < MaxText && await _tap.Chunks.WaitToReadAsync(cancellation));
    }
}
