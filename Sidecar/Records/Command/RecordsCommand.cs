using System.CommandLine;
using System.Runtime.InteropServices;
using Chassis;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Records.Exchanges;

namespace Sidecar.Records.Command;

/// <summary><c>records</c>: shows records of exchanges as a table, with a summary.</summary>
internal static class RecordsCommand
{
    // As diff and cmp do.
    private const int Different = 1;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static System.CommandLine.Command Create()
    {
        var files = new Argument<string[]>("files") { Description = "Files that --records has written; - is stdin [default: -]", Arity = ArgumentArity.ZeroOrMore, HelpName = "FILE" };
        var method = Text("--method", "METHOD,...", "Only these methods");
        var status = Text("--status", "STATUS,...", "Only these statuses, such as 404,5xx");
        var path = Text("--path", "PATTERN,...", "Only paths that match, such as '/api/**,!/api/health'");
        var connection = Text("--connection", "NAME", "Only exchanges of one connection");
        var slower = Text("--slower", "TIME", "Only responses that took as long to begin, such as 100ms");
        var errors = new Option<bool>("--errors") { Description = "Only statuses from 400 on, gRPC statuses other than 0, and exchanges that were not completed" };
        var grpc = new Option<bool>("--grpc") { Description = "Only gRPC calls" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Continue when the file grows or another file replaces it, until Ctrl-C" };
        var summary = new Option<bool>("--summary") { Description = "Only the summary, without the table" };
        var compare = new Option<bool>("--compare") { Description = "Compare two files: show the exchanges that only one of them has; exit code 1 if there are any" };
        var colour = new Option<string>("--color") { Description = "auto, always or never", HelpName = "WHEN", DefaultValueFactory = _ => "auto" };
        var command = new System.CommandLine.Command("records", "Show records of exchanges as a table; then counts, errors and latencies for each method and path")
        {
            files, method, status, path, connection, slower, errors, grpc, follow, summary, compare, colour,
        };
        command.SetAction(async (parsed, _) =>
        {
            var choice = new RecordChoice
            {
                Methods = Words(parsed, method, text => text),
                Statuses = Words(parsed, status, RecordChoice.ParseStatus),
                Paths = Value(parsed, path, text => new PathFilter(text.Split(','))),
                Connection = parsed.GetValue(connection),
                Slower = Value<object>(parsed, slower, text => Values.Duration(TimeSpan.Zero, Day)(text)) as TimeSpan?,
                OnlyErrors = parsed.GetValue(errors),
                OnlyGrpc = parsed.GetValue(grpc),
            };
            var paths = parsed.GetValue(files) is { Length: > 0 } given ? given : [RecordLines.Stdin];
            if (parsed.GetValue(follow) && paths is not [not RecordLines.Stdin])
                throw new UsageException("--follow: one file is expected; a pipe is followed anyway");
            if (parsed.GetValue(compare))
                return paths is [var first, var second] ? await CompareAsync(first, second, choice) : throw new UsageException("--compare: two files are expected");
            var hasColours = Read("--color", parsed.GetValue(colour)!, Values.OneOf<bool?>(("auto", null), ("always", true), ("never", false))) ?? HasColours();
            return await RunAsync(parsed.GetValue(follow), paths, choice, !parsed.GetValue(summary), hasColours);
        });
        return command;
    }

    private static async Task<int> RunAsync(bool follow, string[] paths, RecordChoice choice, bool hasTable, bool hasColours)
    {
        // Ctrl-C ends the reading; the summary of the records so far is still shown.
        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await using var output = new StreamWriter(StandardOutput.Open());
            var report = new RecordReport(output, choice, hasTable ? new RecordTable(output, hasColours) : null);
            var lines = new RecordLines(follow, output.FlushAsync);
            foreach (var path in paths)
                await report.AddAsync(lines.ReadAsync(path, stop.Token));
            report.End();
            if (report.Others + lines.TooLong is > 0 and var others)
                await Console.Error.WriteLineAsync($"Sidecar: {others} {(others == 1 ? "line was no record" : "lines were no records")} of an exchange");
            return 0;
        }
        catch (IOException error) when (StandardOutput.HasNoReader(error))
        {
            return ProgramShell.ReaderLeftExitCode;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<int> CompareAsync(string first, string second, RecordChoice choice)
    {
        var comparison = new RecordComparison(first, second);
        var lines = new RecordLines(follow: false, () => Task.CompletedTask);
        foreach (var isOfFirst in new[] { true, false })
        {
            await foreach (var line in lines.ReadAsync(isOfFirst ? first : second, CancellationToken.None))
            {
                if (ReadRecord.TryParse(line) is { } record && choice.Accepts(record))
                    comparison.Add(record, isOfFirst);
            }
        }

        await using var output = new StreamWriter(StandardOutput.Open());
        comparison.WriteTo(output);
        return comparison.AreEqual ? 0 : Different;
    }

    // The convention of no-color.org.
    private static bool HasColours() => !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private static Option<string?> Text(string name, string value, string description) => new(name) { HelpName = value, Description = description };

    private static List<string>? Words(ParseResult parsed, Option<string?> option, Func<string, string> parse) =>
        Value(parsed, option, text => text.Split(',').Select(parse).ToList());

    private static T? Value<T>(ParseResult parsed, Option<string?> option, Func<string, T> parse)
        where T : class => parsed.GetValue(option) is { } text ? Read(option.Name, text, parse) : null;

    private static T Read<T>(string option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException error)
        {
            throw new UsageException($"{option} '{text}': {error.Message}", error);
        }
    }
}
