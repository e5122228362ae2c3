namespace Processes;

/// <summary>A process could not start, ended by itself, or was not ready in time. The message is for the user.</summary>
public sealed class ProcessFailedException : Exception
{
    /// <summary>An exception with a message for the user.</summary>
    public ProcessFailedException(string message) : base(message)
    {
    }

    /// <summary>An exception with a message for the user, and its cause.</summary>
    public ProcessFailedException(string message, Exception cause) : base(message, cause)
    {
    }

    /// <summary>An exception with one line about the failure, then the last lines of the process.</summary>
    public static ProcessFailedException WithOutput(string what, ManagedProcess process)
    {
        var last = process.StandardError.Lines.Count > 0 ? process.StandardError.Lines : process.StandardOutput.Lines;
        return new(string.Join('\n', [what, .. last.TakeLast(ShownLines).Select(line => $"  {process.Name}: {line}")]));
    }

    private const int ShownLines = 8;
}
