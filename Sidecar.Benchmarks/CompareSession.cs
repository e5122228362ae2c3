using System.Diagnostics;
using Chassis;
using Demo.Processes;
using Demo.Programs;
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
            throw new UsageException("this is a debug build, whose figures mean nothing; run with -c Release");
        var programs = DebianPrograms.Find(built.Root);
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
        var clock = Stopwatch.StartNew();
        var dll = options.SidecarDll?.FullName ?? built.Run("Sidecar").Last();
        RelayPorts ports;
        using (var free = new FreePorts())
            ports = RelayPorts.Take(free);
        var shop = new Workshop(programs, built, dll, options.SidecarArgs.Split(' ', StringSplitOptions.RemoveEmptyEntries), folder.FullName, ports);
        var versions = await ProgramVersions.ReadAsync(programs, stop);
        await using var origin = await Origin.StartAsync(shop, stop);
        var rounds = new CompareRounds(options, shop, origin, line => progress.WriteLine($"{clock.Elapsed:mm\\:ss}  {line}"));
        await rounds.RunAsync(stop);
        var comparison = new Comparison(DateTimeOffset.UtcNow, clock.Elapsed, MachineFacts.Read(), versions, options, rounds.Samples, rounds.PartCosts, rounds.Failures);
        await ReportAsync(comparison, stop);
        return rounds.Failures.Count == 0 ? 0 : 1;
    }

    private async Task ReportAsync(Comparison comparison, CancellationToken stop)
    {
        var text = MarkdownReport.Write(comparison);
        await result.WriteAsync(text);
        if (options.Json is { } json)
            await File.WriteAllTextAsync(json.FullName, JsonReport.Write(comparison), stop);
        if (options.Output is { } output)
            await File.WriteAllTextAsync(output.FullName, text + Notes(output), stop);
    }

    // What people found out about the figures outlives the next run.
    private static string Notes(FileInfo output)
    {
        var notes = Path.Combine(output.DirectoryName!, "NOTES.md");
        return File.Exists(notes) ? $"\n{File.ReadAllText(notes)}" : "";
    }
}
