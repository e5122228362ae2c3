namespace Processes;

/// <summary>The result of a command that has ended.</summary>
/// <param name="ExitCode">Its exit code; 128 + n for signal n.</param>
/// <param name="Output">All of its stdout.</param>
/// <param name="Errors">All of its stderr.</param>
public readonly record struct ProcessResult(int ExitCode, string Output, string Errors);
