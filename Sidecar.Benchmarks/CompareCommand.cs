using System.CommandLine;
using System.Globalization;
using Chassis;
using Demo.Programs;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks;

/// <summary>The subcommand <c>compare</c>.</summary>
internal static class CompareCommand
{
    private const int MaxRounds = 100;
    private const int MaxSeconds = 60;
    private const int MaxMinutes = 24 * 60;

    // Four rounds of all loads, two seconds each, fit in.
    private const int DefaultMinutes = 8;

    /// <summary>Creates it.</summary>
    /// <param name="run">What it does; the result is the exit code.</param>
    public static Command Create(Func<CompareOptions, Task<int>> run)
    {
        var quick = new Option<bool>("--quick") { Description = "Two rounds of one second: for a first look." };
        var rounds = new Option<string?>("--rounds") { HelpName = "N", Description = "Number of rounds; each runs every step on every candidate. [default: 5, if the minutes are enough]" };
        var seconds = new Option<string?>("--seconds") { HelpName = "S", Description = "Length of each load. [default: 2]" };
        var minutes = new Option<string?>("--minutes") { HelpName = "M", Description = "Start no round that would end after this number. [default: 8; with --rounds no limit]" };
        var only = new Option<string?>("--only") { HelpName = "STEP,...", Description = $"Of {string.Join(", ", Step.Names)}. [default: all but {Step.Routes}]" };
        var candidates = new Option<string?>("--candidates") { HelpName = "NAME,...", Description = $"Of {string.Join(", ", CandidateList.All.Select(c => c.Name))}. [default: all; {CandidateList.SidecarNative} where scripts/publish-native has made one]" };
        var sidecarArgs = new WordsOption("--sidecar-args") { HelpName = "WORDS", Description = "Further words of each sidecar's command line." };
        var sidecarDll = new Option<FileInfo?>("--sidecar-dll") { HelpName = "FILE", Description = "Another build of the sidecar. [default: the repository's]" };
        var json = new Option<FileInfo?>("--json") { HelpName = "FILE", Description = "Write every figure of every round there." };
        var output = new Option<FileInfo?>("--output") { HelpName = "FILE", Description = "Write the report there too, and below it the text of NOTES.md in the same folder." };
        var command = new Command("compare", "Compares the sidecar with HAProxy and nginx, all on loopback, in rounds; prints the table on stdout.")
        {
            quick, rounds, seconds, minutes, only, candidates, sidecarArgs, sidecarDll, json, output,
        };
        command.SetAction((parsed, _) =>
        {
            var isQuick = parsed.GetValue(quick);
            var wanted = Within(parsed, rounds, 1, MaxRounds);
            var limit = Within(parsed, minutes, 1, MaxMinutes) ?? (wanted is null ? DefaultMinutes : null);
            return run(new CompareOptions(
                wanted ?? (isQuick ? 2 : 5),
                Within(parsed, seconds, 1, MaxSeconds) ?? (isQuick ? 1 : 2),
                limit is { } most ? TimeSpan.FromMinutes(most) : null,
                parsed.GetValue(only) is null ? Step.ByDefault : Words(parsed, only, Step.Names),
                parsed.GetValue(candidates) is null
                    ? CandidateList.ByDefault(BuiltPrograms.Locate() with { IsNative = true })
                    : Words(parsed, candidates, [.. CandidateList.All.Select(c => c.Name)]),
                parsed.GetValue(sidecarDll) is { Exists: false } missing
                    ? throw new UsageException($"--sidecar-dll '{missing}': there is no such file")
                    : parsed.GetValue(sidecarDll),
                parsed.GetValue(sidecarArgs) ?? "",
                Writable(parsed, json),
                Writable(parsed, output)));
        });
        return command;
    }

    private static int? Within(ParseResult parsed, Option<string?> option, int least, int most) => parsed.GetValue(option) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most => value,
        var text => throw new UsageException($"{option.Name} '{text}': {least} to {most} is expected"),
    };

    private static IReadOnlyList<string> Words(ParseResult parsed, Option<string?> option, IReadOnlyList<string> known)
    {
        if (parsed.GetValue(option) is not { } text)
            return known;
        var words = text.Split(',', StringSplitOptions.TrimEntries);
        return words.FirstOrDefault(word => !known.Contains(word)) is { } unknown
            ? throw new UsageException($"{option.Name} '{unknown}': one of {string.Join(", ", known)} is expected")
            : [.. words.Distinct()];
    }

    // Before minutes of measuring, not after them.
    private static FileInfo? Writable(ParseResult parsed, Option<FileInfo?> option)
    {
        if (parsed.GetValue(option) is not { } file)
            return null;
        try
        {
            file.Open(FileMode.Append, FileAccess.Write).Dispose();
            return file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option.Name} '{file}': {error.Message}", error);
        }
    }
}
