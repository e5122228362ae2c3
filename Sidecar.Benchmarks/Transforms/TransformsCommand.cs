using System.CommandLine;
using System.Globalization;
using Sidecar.Benchmarks.Machine;
using Sidecar.Benchmarks.Report;

namespace Sidecar.Benchmarks.Transforms;

/// <summary>The subcommand <c>transforms</c>: every kernel beside copying, on one core.</summary>
internal static class TransformsCommand
{
    private const int Rounds = 5;

    public static Command Create()
    {
        var output = new Option<FileInfo?>("--output") { HelpName = "FILE", Description = "Write the table there too." };
        var command = new Command("transforms", "Measures the transforms' kernels beside copying, on one core.") { output };
        command.SetAction(async (parsed, cancellation) =>
        {
            var report = Report(TransformRace.Run(Rounds, cancellation));
            await parsed.InvocationConfiguration.Output.WriteAsync(report);
            if (parsed.GetValue(output) is { } file)
                await File.WriteAllTextAsync(file.FullName, report, cancellation);
            return 0;
        });
        return command;
    }

    private static string Report(IReadOnlyList<TransformResult> results)
    {
        var table = new TextTable("expression", "kernel", "GB/s", "of copying", "required", "reached");
        foreach (var result in results)
        {
            var ratio = result.Ratio;
            table.Add(
                result.Entrant.Name,
                result.Entrant.Kernel,
                Text(result.BytesPerSecond / 1e9, "F1"),
                $"{Text(ratio.Median, "F2")} ({Text(ratio.Least, "F2")} – {Text(ratio.Most, "F2")})",
                result.Entrant.Required is { } required ? $"≥ {Text(required, "0.##")}" : "–",
                result.Entrant.Required is { } least ? ratio.Median >= least ? "yes" : "no" : "–");
        }

        var machine = MachineFacts.Read();
        return $"""
            # The transforms' kernels beside copying

            - {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC, {machine.Processor}, {machine.Kernel}, {machine.Runtime}
            - one core, {TransformRace.BufferSize / 1024} KB in place, beside `Span.CopyTo` of as much; {Rounds} rounds, in each of which a row and
              copying take short turns and the best turn of each counts. Shown are the median of the rounds' ratios and, behind
              it, the least and the most
            - a kernel that this processor lacks has no row

            {table}
            """;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
