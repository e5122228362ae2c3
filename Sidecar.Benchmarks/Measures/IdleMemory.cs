using System.Diagnostics;
using Processes;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Load;
using Sidecar.Benchmarks.Peers;

namespace Sidecar.Benchmarks.Measures;

/// <summary>The memory of a freshly started candidate: at rest, and what idle connections add.</summary>
internal sealed class IdleMemory(Workshop shop)
{
    /// <summary>Connections held first, and in all.</summary>
    private const int Few = 1000;
    private const int Many = 4000;

    // So that code which is compiled and pools which are made at a first connection are not counted as a connection's.
    private const int WarmUp = 64;

    // A native sidecar gives back the pages that only its start needs one second after it.
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SettleStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(2);

    /// <summary>Starts the candidate, measures it, stops it.</summary>
    /// <exception cref="MeasureException">It died, or connections did not last.</exception>
    /// <exception cref="ProcessFailedException">It did not start.</exception>
    public async Task<IReadOnlyList<Reading>> RunAsync(Candidate candidate, CancellationToken cancellation)
    {
        await using var running = await RunningCandidate.StartAsync(candidate, shop, cancellation);
        await Task.Delay(StartTime, cancellation);
        var rest = await SettledAsync(running, cancellation);
        await CandidateCheck.RunAsync(running, cancellation);
        await using (var warmUp = await HoldAsync(running, WarmUp, cancellation))
            await CloseAsync(warmUp);
        var warm = await SettledAsync(running, cancellation);
        await using var few = await HoldAsync(running, Few, cancellation);
        var withFew = await SettledAsync(running, cancellation);
        await using var more = await HoldAsync(running, Many - Few, cancellation);
        var withMany = await SettledAsync(running, cancellation);
        await Task.WhenAll(CloseAsync(few), CloseAsync(more));
        return
        [
            new(Quantity.AtRest, rest / 1e6), new(Quantity.Idle1000, (withFew - warm) / 1e3 / Few), new(Quantity.Idle4000, (withMany - warm) / 1e3 / Many),
        ];
    }

    private async Task<ManagedProcess> HoldAsync(RunningCandidate on, int connections, CancellationToken cancellation)
    {
        var process = ManagedProcess.Start(shop.Run(PeerCommand.Idle, "Sidecar.Benchmarks", PeerCommand.Name, PeerCommand.Idle, $"{on.Ports.Echo}", $"{connections}"));
        try
        {
            await process.WaitUntilReadyAsync(_ => Task.FromResult(process.StandardOutput.Lines.Contains(IdleClient.OpenLine)), OpenLimit, cancellation);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static async Task CloseAsync(ManagedProcess idle)
    {
        await idle.StopAsync(CloseLimit);
        if (await idle.Exited != 0)
            throw new MeasureException(idle.StandardError.Lines is [.., var last] ? last : $"the idle connections' process {ManagedProcess.DescribeEnd(await idle.Exited)}");
    }

    // Until two looks in a row see the same within a quarter of a percent.
    private static async Task<long> SettledAsync(RunningCandidate running, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var last = running.ResidentBytes();
        while (true)
        {
            await Task.Delay(SettleStep, cancellation);
            var now = running.ResidentBytes();
            if (Math.Abs(now - last) < last / 400 || clock.Elapsed > SettleLimit)
                return now;
            last = now;
        }
    }
}
