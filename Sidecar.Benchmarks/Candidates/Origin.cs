using System.Globalization;
using System.Threading.Channels;
using Processes;
using Sidecar.Benchmarks.Peers;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>The services behind all candidates: nginx, iperf3, and the source, sink and echo of <see cref="BulkOrigin"/>.</summary>
internal sealed class Origin : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);

    private readonly Channel<long> _received = Channel.CreateUnbounded<long>();
    private readonly ProcessSet _processes;

    private Origin() => _processes = new ProcessSet(Take);

    /// <summary>Starts all three.</summary>
    /// <exception cref="ProcessFailedException">One ended, or was not ready in time.</exception>
    public static async Task<Origin> StartAsync(Workshop shop, CancellationToken cancellation)
    {
        var origin = new Origin();
        try
        {
            var (nginx, ports) = (NginxPrograms.Origin(shop), shop.Origin);
            await origin.StartAsync(nginx.Command, nginx.Port, cancellation);
            await origin.StartAsync(new("iperf3", shop.Programs.Iperf, "-s", "-B", "127.0.0.1", "-p", $"{ports.Iperf}"), ports.Iperf, cancellation);
            await origin.StartAsync(
                shop.Run("bulk", "Sidecar.Benchmarks", PeerCommand.Name, PeerCommand.Origin, $"{ports.Source}", $"{ports.Sink}", $"{ports.Echo}"),
                ports.Echo, cancellation);
            return origin;
        }
        catch
        {
            await origin.DisposeAsync();
            throw;
        }
    }

    /// <summary>Forgets the sink's earlier connections.</summary>
    public void ForgetReceived()
    {
        while (_received.Reader.TryRead(out _))
        {
        }
    }

    /// <summary>Waits until some connections to the sink have ended.</summary>
    /// <returns>The bytes that it received from them.</returns>
    /// <exception cref="MeasureException">They do not end.</exception>
    public async Task<long> ReceivedAsync(int connections, TimeSpan limit, CancellationToken cancellation)
    {
        long total = 0;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        try
        {
            for (var i = 0; i < connections; i++)
                total += await _received.Reader.ReadAsync(deadline.Token);
            return total;
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new MeasureException($"not all connections reached their end at the sink within {limit.TotalSeconds} s", error);
        }
    }

    /// <summary>Ends with the news that a service of the origin ended.</summary>
    /// <exception cref="ProcessFailedException">Names it.</exception>
    public Task WatchAsync(CancellationToken cancellation) => _processes.WatchAsync(cancellation);

    public ValueTask DisposeAsync() => _processes.DisposeAsync();

    private Task StartAsync(ProcessCommand command, int port, CancellationToken cancellation) =>
        _processes.StartAsync(command, cancel => Workshop.AcceptsAsync(port, cancel), ReadyLimit, cancellation);

    private void Take(ProcessOutput output)
    {
        if (output.Line.StartsWith(BulkOrigin.ReceivedLine, StringComparison.Ordinal))
            _received.Writer.TryWrite(long.Parse(output.Line[BulkOrigin.ReceivedLine.Length..], NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
