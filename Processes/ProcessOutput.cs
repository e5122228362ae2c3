namespace Processes;

/// <summary>One line that a process wrote.</summary>
/// <param name="Process">The name of the process.</param>
/// <param name="IsError">Whether it came from stderr.</param>
/// <param name="Line">The text, without its line end.</param>
public readonly record struct ProcessOutput(string Process, bool IsError, string Line);
