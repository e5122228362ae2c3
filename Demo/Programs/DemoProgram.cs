using Processes;


namespace Demo.Programs;

/// <summary>One program of the demo.</summary>
/// <param name="Command">How to run it.</param>
/// <param name="IsReady">Asks it once whether it can do its work.</param>
/// <param name="Says">What the user should know about it, in a few words.</param>
internal sealed record DemoProgram(ProcessCommand Command, Func<CancellationToken, Task<bool>> IsReady, string Says);
