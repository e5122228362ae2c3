using System.Diagnostics;
using Chassis;
using Demo.Programs;
using Demo.Scenes;
using Demo.Transparent;
using Demo.Verification;
using Processes;

namespace Demo;

/// <summary>One run: starts the programs in order, then waits or verifies, and stops them whatever happened.</summary>
/// <param name="options">What the user asked for.</param>
/// <param name="progress">Told what happens (stderr).</param>
/// <param name="stdout">Gets the address to open, or the summary; where the records go there, these alone.</param>
internal sealed class DemoSession(DemoOptions options, TextWriter progress, TextWriter stdout)
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan VerifyLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly TextWriter _result = options.Records == RecordCopy.Stdout ? progress : stdout;

    /// <summary>Runs until done or told to stop.</summary>
    /// <returns>0 when all went well, 1 when not.</returns>
    /// <exception cref="UsageException">It cannot run: a port is taken, a program is not built, a file is not there.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (options.Policy is { Exists: false } missing)
            throw new UsageException($"--policy '{missing}': there is no such file");
        if (options.StorageThroughSidecars && !options.Transparent)
            throw new UsageException("--storage-through-sidecars: only with --transparent");
        if (options.ByKind && options.Transparent)
            throw new UsageException("--by-kind: not with --transparent, where every listener takes all of a pod's connections");
        if (options.FreePorts && options.Transparent)
            throw new UsageException("--free-ports: not with --transparent, because each of its pods has all ports");
        RefuseObserve();
        RefuseKafka();
        try
        {
            var audit = new OracleAudit();
            using var kafka = options.RecordsKafka ? new KafkaBrokers(1) : null;
            await using var scene = await SetAsync(audit, kafka, stop);
            if (kafka is not null)
                await progress.WriteLineAsync($"The records are read by: {kafka.Reader}");
            return await RunAsync(scene, audit, stop);
        }
        catch (ProcessFailedException error)
        {
            await progress.WriteLineAsync($"demo: {error.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await progress.WriteLineAsync("demo: interrupted");
            return options.Verify ? 1 : 0;
        }
    }

    private void RefuseObserve()
    {
        if (!options.Observe)
            return;
        if (!options.Transparent)
            throw new UsageException("--observe: only with --transparent");
        if (options.StorageThroughSidecars)
            throw new UsageException("--observe: not with --storage-through-sidecars, because sidecars of another pod would record too");
        if (options.Records == RecordCopy.Stdout)
            throw new UsageException("--observe: not with --records -; give a file, whose records are compared");
    }

    private void RefuseKafka()
    {
        if (!options.RecordsKafka)
            return;
        if (options.Records is not null)
            throw new UsageException("--records-kafka: not with --records; one of the two");
        if (options.Transparent)
            throw new UsageException("--records-kafka: not with --transparent, because the broker is on this machine's loopback, which no pod reaches");
        if (options.Native)
            throw new UsageException("--records-kafka: not with --native, because native builds have no output for Kafka");
    }

    private async Task<IScene> SetAsync(OracleAudit audit, KafkaBrokers? kafka, CancellationToken stop) => options.Transparent
        ? await TransparentScene.SetAsync(options, Built, audit, progress.WriteLine, stop)
        : new PlainScene(options, Built, kafka, audit, progress.WriteLine);

    private BuiltPrograms Built => BuiltPrograms.Locate() with { IsNative = options.Native };

    private async Task<int> RunAsync(IScene scene, OracleAudit audit, CancellationToken stop)
    {
        using var output = new OutputLog(options.LogFolder, progress, options.Verbose);
        var path = options.Records ?? (scene.ObservedRecords is { } observed ? observed + ".sidecar" : null);
        using var records = path is null ? null : new RecordCopy(path, stdout, progress);
        await using var processes = new ProcessSet(line =>
        {
            output.Write(line);
            audit.Take(line);
            records?.Take(line);
        });
        var exitCode = 1;
        try
        {
            await StartAsync(processes, scene.Programs, output, stop);
            exitCode = await (options.Verify ? VerifyAsync(processes, scene, stop) : WaitAsync(processes, scene, stop));
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

        if (!await StopAsync(processes))
            return 1;
        records?.Dispose();
        return scene.ObservedRecords is null || await AgreeAsync(path!, scene.ObservedRecords) ? exitCode : 1;
    }

    // Whether the sidecar in the path and the capture beside it have recorded the same exchanges.
    private async Task<bool> AgreeAsync(string sidecars, string observed)
    {
        var command = new ProcessCommand("records", [.. Built.Run("Sidecar"), "records", "--compare", sidecars, observed]);
        var compared = await ShortCommand.ResultAsync(command, StopLimit);
        await _result.WriteAsync(compared.Output + compared.Errors);
        return compared.ExitCode == 0;
    }

    private async Task StartAsync(ProcessSet processes, IReadOnlyList<DemoProgram> programs, OutputLog output, CancellationToken stop)
    {
        var width = programs.Max(program => program.Command.Name.Length);
        foreach (var program in programs)
        {
            var clock = Stopwatch.StartNew();
            output.Open(program.Command.Name);
            await processes.StartAsync(program.Command, program.IsReady, ReadyLimit, stop);
            await progress.WriteLineAsync($"{program.Command.Name.PadRight(width)}  ready  {program.Says}  ({clock.ElapsedMilliseconds} ms)");
        }
    }

    private async Task<int> WaitAsync(ProcessSet processes, IScene scene, CancellationToken stop)
    {
        await _result.WriteLineAsync(scene.Invitation);
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

    private async Task<int> VerifyAsync(ProcessSet processes, IScene scene, CancellationToken stop)
    {
        var limit = VerifyLimit * scene.Verifications.Count;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        done.CancelAfter(limit);
        var verifying = VerifyAllAsync(scene, done.Token);
        var watching = processes.WatchAsync(done.Token);
        try
        {
            if (await Task.WhenAny(verifying, watching) == watching)
                await watching;
            return await verifying ? 0 : 1;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            await progress.WriteLineAsync($"failed: the verification was not done after {limit.TotalSeconds} s");
            return 1;
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(verifying, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> VerifyAllAsync(IScene scene, CancellationToken cancellation)
    {
        var allVerified = true;
        foreach (var verification in scene.Verifications)
        {
            var found = await verification.RunAsync(cancellation);
            foreach (var failure in found.Failures)
                await progress.WriteLineAsync($"failed: {failure}");
            await _result.WriteLineAsync(found.Summary);
            allVerified &= found.IsVerified;
        }

        await scene.ReportAsync(cancellation);
        return allVerified;
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
