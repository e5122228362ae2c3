namespace Processes;

/// <summary>A process could not start, ended by itself, or was not ready in time. The message is fit for the user.</summary>
public sealed class ProcessFailedException : Exception
{
    /// <summary>With what the user reads.</summary>
    public ProcessFailedException(string message) : base(message)
    {
    }

    /// <summary>With what the user reads, and what was behind it.</summary>
    public ProcessFailedException(string message, Exception cause) : base(message, cause)
    {
    }

    /// <summary>One line on what happened, then the process's own last words.</summary>
    public static ProcessFailedException WithOutput(string what, ManagedProcess process)
    {
        var last = process.StandardError.Lines.Count > 0 ? process.StandardError.Lines : process.StandardOutput.Lines;
        return new(string.Join('\n', [what, .. last.TakeLast(ShownLines).Select(line => $"  {process.Name}: {line}")]));
    }

    private const int ShownLines = 8;
}
