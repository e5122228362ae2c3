using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Sidecar.Benchmarks.Micro;

/// <summary>The subcommand <c>micro</c>: parts of the sidecar measured by BenchmarkDotNet.</summary>
internal static class MicroCommand
{
    private static readonly Type[] All = [typeof(AcceptToRelayBenchmark), typeof(PumpBenchmark)];

    public static Command Create()
    {
        var filter = new Option<string>("--filter") { HelpName = "GLOB", Description = "Which benchmarks, by name.", DefaultValueFactory = _ => "*" };
        var command = new Command("micro", "Measures parts of the sidecar alone, by BenchmarkDotNet.") { filter };
        command.SetAction(parsed =>
        {
            var summaries = BenchmarkSwitcher.FromTypes(All).Run(["--filter", parsed.GetValue(filter)!], Config());
            return summaries.Any() && summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
        });
        return command;
    }

    // In this process: the generated project of the usual toolchain could not see what is internal.
    private static ManualConfig Config() => ManualConfig.CreateEmpty()
        .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(MarkdownExporter.GitHub)
        .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "micro"));
}
