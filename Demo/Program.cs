using Chassis;
using Demo;

using var signals = new StopSignals();
return await ProgramShell.RunAsync(
    DemoCommand.Create(options => new DemoSession(options, Console.Error, Console.Out).RunAsync(signals.Stop)), args, DemoCommand.Epilog);
