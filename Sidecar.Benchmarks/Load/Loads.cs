using System.Diagnostics;
using Processes;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Measures;
using Sidecar.Benchmarks.Peers;

namespace Sidecar.Benchmarks.Load;

/// <summary>The kinds of load. Each runs in processes of its own and fails when a connection or an answer is not as it should be.</summary>
internal sealed class Loads(Workshop shop, Origin origin)
{
    /// <summary>Connections of the HTTP loads.</summary>
    public const int HttpConnections = 64;

    /// <summary>Connections of the bulk loads: two for each thread of a candidate, so that chance leaves none idle.</summary>
    public const int BulkConnections = 4;

    private static readonly TimeSpan SinkLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BusyStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BusyLimit = TimeSpan.FromSeconds(5);

    /// <summary>Requests one after the other on connections that stay open.</summary>
    public async Task<LoadReport> RequestsAsync(RunningCandidate on, int seconds, CancellationToken cancellation)
    {
        var report = await WrkAsync(on, seconds, [], cancellation);
        return new(report.Requests,
        [
            new(Quantity.RequestRate, report.RequestsPerSecond), new(Quantity.P50, report.P50), new(Quantity.P99, report.P99),
        ]);
    }

    /// <summary>Large bodies one after the other.</summary>
    public async Task<LoadReport> BodiesAsync(RunningCandidate on, int seconds, CancellationToken cancellation)
    {
        var report = await WrkAsync(on, seconds, [], cancellation, BulkConnections, NginxPrograms.LargePath);
        return new((double)report.Requests * NginxPrograms.LargeLength, [new(Quantity.RateBodies, report.RequestsPerSecond * NginxPrograms.LargeLength * 8 / 1e9)]);
    }

    /// <summary>A connection for each request.</summary>
    public async Task<LoadReport> ConnectionsAsync(RunningCandidate on, int seconds, CancellationToken cancellation)
    {
        var report = await WrkAsync(on, seconds, ["-H", "Connection: close"], cancellation);
        return new(report.Requests, [new(Quantity.ConnectionRate, report.RequestsPerSecond)]);
    }

    /// <summary>A connection for each request, by clients that name the destination.</summary>
    public async Task<LoadReport> SocksAsync(RunningCandidate on, int seconds, CancellationToken cancellation)
    {
        var command = shop.Run(
            PeerCommand.Socks, "Sidecar.Benchmarks", PeerCommand.Name, PeerCommand.Socks, $"{on.Ports.Socks}", $"{shop.Origin.Http}", $"{HttpConnections}", $"{seconds}");
        var (exitCode, lines, lastError) = await LoadProcess.RunAsync(command, seconds, cancellation);
        var done = exitCode == 0 && lines is [var line] ? PeerResult.Parse(line) : throw new MeasureException($"{PeerCommand.Socks}: {lastError}");
        return new(done.Done, [new(Quantity.ConnectionRate, done.Done / done.Seconds)]);
    }

    /// <summary>Bytes as fast as they go, by iperf3.</summary>
    public async Task<LoadReport> IperfAsync(RunningCandidate on, int seconds, Direction direction, CancellationToken cancellation)
    {
        var command = new ProcessCommand("iperf3", shop.Programs.Iperf,
            "-c", "127.0.0.1", "-p", $"{on.Ports.Iperf}", "-t", $"{seconds}", "-P", $"{BulkConnections}", "-i", "0", "-J");
        if (direction == Direction.Down)
            command = command with { Words = [.. command.Words, "-R"] };
        var report = await WhenFreeAsync(command, seconds, cancellation);
        return new(report.Bytes, [new(direction == Direction.Up ? Quantity.RateUp : Quantity.RateDown, report.BitsPerSecond / 1e9)]);
    }

    /// <summary>Any bytes as fast as they go, to the sink, which must receive as many as were sent.</summary>
    public async Task<LoadReport> RawUpAsync(RunningCandidate on, int seconds, CancellationToken cancellation)
    {
        origin.ForgetReceived();
        var sent = await BulkAsync(PeerCommand.Upload, on.Ports.Sink, seconds, cancellation);
        var received = await origin.ReceivedAsync(BulkConnections, SinkLimit, cancellation);
        return received == sent.Done
            ? new(sent.Done, [new(Quantity.RawRateUp, GigabitsPerSecond(sent))])
            : throw new MeasureException($"{sent.Done} bytes were sent, {received} arrived");
    }

    /// <summary>Any bytes as fast as they go, from the source.</summary>
    public async Task<LoadReport> RawDownAsync(RunningCandidate on, int seconds, CancellationToken cancellation)
    {
        var received = await BulkAsync(PeerCommand.Download, on.Ports.Source, seconds, cancellation);
        return new(received.Done, [new(Quantity.RawRateDown, GigabitsPerSecond(received))]);
    }

    // iperf3's server serves one client at a time, and is done with the last one a moment after that has ended.
    private static async Task<IperfReport> WhenFreeAsync(ProcessCommand command, int seconds, CancellationToken cancellation)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(BusyStep, cancellation))
        {
            var (_, lines, _) = await LoadProcess.RunAsync(command, seconds, cancellation);
            var text = string.Concat(lines);
            if (!text.Contains(IperfReport.Busy, StringComparison.Ordinal) || clock.Elapsed > BusyLimit)
                return IperfReport.Parse(text);
        }
    }

    private async Task<WrkReport> WrkAsync(
        RunningCandidate on, int seconds, IEnumerable<string> words, CancellationToken cancellation, int connections = HttpConnections, string path = "")
    {
        var command = new ProcessCommand("wrk",
        [
            shop.Programs.Wrk, "-t", "1", "-c", $"{connections}", "-d", $"{seconds}s", "--latency", .. words, $"http://127.0.0.1:{on.Ports.Http}/{path}",
        ]);
        var (exitCode, lines, lastError) = await LoadProcess.RunAsync(command, seconds, cancellation);
        if (exitCode != 0)
            throw new MeasureException($"wrk {ManagedProcess.DescribeEnd(exitCode)}: {lastError}");
        var report = WrkReport.Parse(lines);
        return report switch
        {
            { Faults.Count: > 0 } => throw new MeasureException($"wrk: {string.Join("; ", report.Faults)}"),
            { Requests: 0 } => throw new MeasureException("wrk: no request was answered"),
            _ => report,
        };
    }

    private async Task<PeerResult> BulkAsync(string kind, int port, int seconds, CancellationToken cancellation)
    {
        var command = shop.Run(kind, "Sidecar.Benchmarks", PeerCommand.Name, kind, $"{port}", $"{BulkConnections}", $"{seconds}");
        var (exitCode, lines, lastError) = await LoadProcess.RunAsync(command, seconds, cancellation);
        return exitCode == 0 && lines is [var line] ? PeerResult.Parse(line) : throw new MeasureException($"{kind}: {lastError}");
    }

    private static double GigabitsPerSecond(PeerResult moved) => moved.Done * 8 / moved.Seconds / 1e9;
}
