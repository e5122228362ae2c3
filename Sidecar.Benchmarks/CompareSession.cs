using Chassis;
using Demo.Programs;
using Processes;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Report;

namespace Sidecar.Benchmarks;

/// <summary>One run of <c>compare</c>: starts the origin, lets the rounds run, reports, and stops all it started.</summary>
/// <param name="options">What the user asked for.</param>
/// <param name="progress">Told what happens (stderr).</param>
/// <param name="result">Gets the table (stdout).</param>
internal sealed class CompareSession(CompareOptions options, TextWriter progress, TextWriter result)
{
    /// <summary>Runs until done or told to stop.</summary>
    /// <returns>0 when all was measured, 1 when not.</returns>
    /// <exception cref="UsageException">It cannot run: a program is missing or not built.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        var built = BuiltPrograms.Locate();
        if (built.Output.Contains("Debug", StringComparison.Ordinal))
            throw new UsageException("this is a debug build, and its figures mean nothing; run with -c Release");
        var programs = await DebianPrograms.FindAsync(built.Root, progress);
        var folder = Directory.CreateTempSubdirectory("sidecar-benchmarks-");
        try
        {
            return await RunAsync(built, programs, folder, stop);
        }
        catch (ProcessFailedException error)
        {
            await progress.WriteLineAsync($"compare: {error.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await progress.WriteLineAsync("compare: interrupted");
            return 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<int> RunAsync(BuiltPrograms built, DebianPrograms programs, DirectoryInfo folder, CancellationToken stop)
    {
        var schedule = new Schedule(options, TimeProvider.System);
        var dll = options.SidecarDll?.FullName ?? built.Run("Sidecar").Last();
        RelayPorts ports;
        using (var free = new FreePorts())
            ports = RelayPorts.Take(free);
        using var records = new RecordServers();
        var shop = new Workshop(programs, built, dll, options.SidecarArgs.Split(' ', StringSplitOptions.RemoveEmptyEntries), folder.FullName, ports, records);
        var versions = await ProgramVersions.ReadAsync(programs, stop);
        Say(schedule.ToString());
        await using var origin = await Origin.StartAsync(shop, stop);
        var rounds = new CompareRounds(options, schedule, shop, origin, Say, sofar => WriteFilesAsync(Report(sofar, "it still runs")));
        var unfinished = "it was interrupted";
        try
        {
            await rounds.RunAsync(stop);
            unfinished = null;
        }
        catch (ProcessFailedException)
        {
            unfinished = "a service of the origin ended";
            throw;
        }
        finally
        {
            // Nothing measured: nothing to put in the place of an earlier report.
            if (rounds.Samples.All.Count > 0 || unfinished is null)
            {
                var report = Report(rounds, unfinished);
                await result.WriteAsync(MarkdownReport.Write(report));
                await WriteFilesAsync(report);
            }
        }

        return rounds.Failures.Count == 0 ? 0 : 1;

        Comparison Report(CompareRounds of, string? why) => new(
            DateTimeOffset.UtcNow, schedule.Elapsed, schedule.Ended, why is null ? null : $"{why}, {schedule.Progress}", MachineFacts.Read(), versions, options,
            of.Samples, of.PartCosts, of.Failures);

        void Say(string line) => progress.WriteLine($"{schedule.Elapsed:mm\\:ss}  {line}");
    }

    // To the end, also when told to stop.
    private async Task WriteFilesAsync(Comparison comparison)
    {
        if (options.Json is { } json)
            await File.WriteAllTextAsync(json.FullName, JsonReport.Write(comparison), CancellationToken.None);
        if (options.Output is { } output)
            await File.WriteAllTextAsync(output.FullName, MarkdownReport.Write(comparison) + Notes(output), CancellationToken.None);
    }

    // What people found out about the figures outlives the next run.
    private static string Notes(FileInfo output)
    {
        var notes = Path.Combine(output.DirectoryName!, "NOTES.md");
        return File.Exists(notes) ? $"\n{File.ReadAllText(notes)}" : "";
    }
}
