using System.Diagnostics;
using Chassis;
using Demo.Processes;
using Demo.Programs;
using Demo.Verification;

namespace Demo;

/// <summary>One run: starts the programs in order, then waits or verifies, and stops them whatever happened.</summary>
/// <param name="options">What the user asked for.</param>
/// <param name="progress">Told what happens (stderr).</param>
/// <param name="result">Gets the address to open, or the summary (stdout).</param>
internal sealed class DemoSession(DemoOptions options, TextWriter progress, TextWriter result)
{
    // Far more than the clip; a guard for own videos in the folder.
    private const int MaxTappedBytes = 256 * 1024 * 1024;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan VerifyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    /// <summary>Runs until done or told to stop.</summary>
    /// <returns>0 when all went well, 1 when not.</returns>
    /// <exception cref="UsageException">It cannot run: a port is taken, a program is not built, a file is not there.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (options.Policy is { Exists: false } missing)
            throw new UsageException($"--policy '{missing}': there is no such file");
        var ports = options.FreePorts ? DemoPorts.Free() : DemoPorts.Usual;
        ports.RefuseTaken();
        using var output = new OutputLog(options.LogFolder, progress, options.Verbose);
        await using var tap = options.Verify ? new TcpTap(DemoPorts.Local(ports.P2.Listen), MaxTappedBytes) : null;
        var built = BuiltPrograms.Locate();
        var programs = new DemoPrograms(built, ports, options.Policy?.FullName, tap?.Address ?? DemoPorts.Local(ports.P2.Listen)).All;
        var audit = new OracleAudit();
        await using var processes = new ProcessSet(line =>
        {
            output.Write(line);
            audit.Take(line);
        });

        var exitCode = 1;
        try
        {
            await StartAsync(processes, programs, output, stop);
            var verification = tap is null ? null : new DemoVerification(ports, built.Clips, tap, audit, progress.WriteLine);
            exitCode = await (verification is null ? WaitAsync(processes, ports, stop) : VerifyAsync(processes, verification, stop));
        }
        catch (ProcessFailedException error)
        {
            await progress.WriteLineAsync($"demo: {error.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await progress.WriteLineAsync("demo: interrupted");
            exitCode = options.Verify ? 1 : 0;
        }

        return await StopAsync(processes) ? exitCode : 1;
    }

    private async Task StartAsync(ProcessSet processes, IReadOnlyList<DemoProgram> programs, OutputLog output, CancellationToken stop)
    {
        using var web = new HttpFetcher();
        foreach (var program in programs)
        {
            var clock = Stopwatch.StartNew();
            output.Open(program.Command.Name);
            await processes.StartAsync(program.Command, cancel => web.IsOkAsync(program.Ready, cancel), ReadyLimit, stop);
            await progress.WriteLineAsync($"{program.Command.Name,-8}  ready  {program.Says}  ({clock.ElapsedMilliseconds} ms)");
        }
    }

    private async Task<int> WaitAsync(ProcessSet processes, DemoPorts ports, CancellationToken stop)
    {
        await result.WriteLineAsync($"Open {DemoPorts.Url(ports.Frontend)} in a browser and play the video. Ctrl-C stops everything.");
        try
        {
            await processes.WatchAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The regular end.
        }

        return 0;
    }

    private async Task<int> VerifyAsync(ProcessSet processes, DemoVerification verification, CancellationToken stop)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        done.CancelAfter(VerifyLimit);
        var verifying = verification.RunAsync(done.Token);
        var watching = processes.WatchAsync(done.Token);
        try
        {
            if (await Task.WhenAny(verifying, watching) == watching)
                await watching;
            var found = await verifying;
            foreach (var failure in found.Failures)
                await progress.WriteLineAsync($"failed: {failure}");
            await result.WriteLineAsync(found.Summary);
            return found.IsVerified ? 0 : 1;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            await progress.WriteLineAsync($"failed: the verification was not done after {VerifyLimit.TotalSeconds} s");
            return 1;
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(verifying, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> StopAsync(ProcessSet processes)
    {
        var killed = await processes.StopAsync(StopLimit);
        await progress.WriteLineAsync(killed.Count == 0
            ? "All programs are stopped."
            : $"All programs are stopped. Killed, because they did not end within {StopLimit.TotalSeconds} s: {string.Join(", ", killed)}");
        return killed.Count == 0;
    }
}
