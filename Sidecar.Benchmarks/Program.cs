using Chassis;
using Demo;
using Sidecar.Benchmarks;

return await ProgramShell.RunAsync(BenchmarksCommand.Create(CompareAsync), args, BenchmarksCommand.Epilog);

static async Task<int> CompareAsync(CompareOptions options)
{
    using var signals = new StopSignals();
    return await new CompareSession(options, Console.Error, Console.Out).RunAsync(signals.Stop);
}
