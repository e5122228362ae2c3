using System.CommandLine;
using System.Globalization;
using Chassis;
using Demo;
using Demo.Programs;
using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Measures;
using Sidecar.Benchmarks.Report;

namespace Sidecar.Benchmarks.Captures;

/// <summary>The subcommand <c>captures</c>: <c>Sidecar observe</c> beside tcpdump and tshark.</summary>
internal static class CapturesCommand
{
    // Microseconds of processor time for an exchange, with its record.
    private const double Aim = 5;

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { HelpName = "COUNT", Description = "Rounds over all programs.", DefaultValueFactory = _ => 5 };
        var seconds = new Option<int>("--seconds") { HelpName = "COUNT", Description = "Seconds of each load.", DefaultValueFactory = _ => 5 };
        var exchanges = new Option<int>("--exchanges") { HelpName = "COUNT", Description = "Exchanges in the file; each has two packets.", DefaultValueFactory = _ => 500_000 };
        var output = new Option<FileInfo?>("--output") { HelpName = "FILE", Description = "Write the tables there too." };
        var command = new Command("captures", "Measures Sidecar observe beside tcpdump and tshark: at 10,000 requests a second, and on a file of a million packets. Needs root.") { rounds, seconds, exchanges, output };
        command.SetAction(async (parsed, _) =>
        {
            if (!Environment.IsPrivilegedProcess)
                throw new UsageException("captures: root is needed, to capture packets");
            using var signals = new StopSignals();
            var report = await RunAsync(parsed.GetValue(rounds), parsed.GetValue(seconds), parsed.GetValue(exchanges), Console.Error, signals.Stop);
            await parsed.InvocationConfiguration.Output.WriteAsync(report);
            if (parsed.GetValue(output) is { } file)
                await File.WriteAllTextAsync(file.FullName, report, signals.Stop);
            return 0;
        });
        return command;
    }

    private static async Task<string> RunAsync(int rounds, int seconds, int exchanges, TextWriter progress, CancellationToken cancellation)
    {
        var built = BuiltPrograms.Locate();
        var folder = Directory.CreateTempSubdirectory("sidecar-captures-");
        try
        {
            await using var race = new CaptureRace(built, await DebianPrograms.FindAsync(built.Root, progress), folder.FullName, progress);
            await race.StartAsync(cancellation);
            var (live, ofFile) = (new List<IReadOnlyList<CaptureUse>>(), new List<IReadOnlyList<CaptureUse>>());
            for (var round = 0; round < rounds; round++)
                live.Add(await race.LiveAsync(seconds, cancellation));
            var (file, packets) = await race.CaptureAsync(exchanges, cancellation);
            for (var round = 0; round < rounds; round++)
                ofFile.Add(await race.OfFileAsync(file, cancellation));
            return Report(live, ofFile, seconds, packets);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Report(List<IReadOnlyList<CaptureUse>> live, List<IReadOnlyList<CaptureUse>> ofFile, int seconds, long packets)
    {
        var exchanges = CaptureRace.Rate * seconds;
        var passing = new TextTable("program", "own CPU for an exchange, µs", "with what the kernel and others need more, µs", "resident, MB");
        foreach (var name in live[0].Skip(1).Select(use => use.Program))
        {
            passing.Add(
                name,
                Text(live, name, (use, _) => 1e6 * use.Cpu / exchanges, "F2"),
                Text(live, name, (use, round) => 1e6 * (use.Machine - round[0].Machine) / exchanges, "F2"),
                Text(live, name, (use, _) => use.Resident / 1e6, "F1"));
        }

        var reading = new TextTable("program", "s", "own CPU, s", "resident at most, MB", "time to that of tshark");
        foreach (var name in ofFile[0].Select(use => use.Program))
        {
            reading.Add(
                name, Text(ofFile, name, (use, _) => use.Seconds, "F2"), Text(ofFile, name, (use, _) => use.Cpu, "F2"), Text(ofFile, name, (use, _) => use.Resident / 1e6, "F1"),
                Text(ofFile, name, (use, round) => use.Seconds / round[^1].Seconds, "F3"));
        }

        var machine = MachineFacts.Read();
        return $"""
            # Sidecar observe beside tcpdump and tshark

            - {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC, {machine.Processor}, {machine.Cores} cores, {machine.Kernel}, {machine.Runtime}, all on loopback
            - medians of {live.Count} rounds, and behind them the least and the most

            ## {CaptureRace.Rate:N0} requests a second

            h2load, HTTP/1.1, {CaptureRace.Connections} connections, 1024 byte bodies from nginx, {seconds} s for each load. Sidecar observe writes a record of each
            exchange to a file; tshark prints method, target and status of each. The third column is the processor time of the whole machine, less
            that of the same load while nothing captures. The aim for it is {Aim.ToString("0", CultureInfo.InvariantCulture)} µs.

            {passing}
            ## A file of {packets:N0} packets

            {reading}
            """;
    }

    private static string Text(List<IReadOnlyList<CaptureUse>> rounds, string name, Func<CaptureUse, IReadOnlyList<CaptureUse>, double> figure, string format)
    {
        var spread = Spread.Over(rounds.Select(round => figure(round.Single(use => use.Program == name), round)))!.Value;
        return $"{Shown(spread.Median)} ({Shown(spread.Least)} – {Shown(spread.Most)})";

        string Shown(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
