namespace Chassis;

/// <summary>
/// A request of the user that cannot be done: a wrong option, an unreadable file, a port in use.
/// Each line names option, value and remedy; the program prints them and exits with 2.
/// </summary>
public sealed class UsageException : Exception
{
    /// <summary>Creates the error with the line to print.</summary>
    public UsageException(string message) : this([message])
    {
    }

    /// <summary>Creates the error with the line to print and what caused it.</summary>
    public UsageException(string message, Exception innerException) : base(OneLine.Of(message), innerException) => Lines = [Message];

    /// <summary>Creates the error with several lines, one for each fault.</summary>
    public UsageException(IReadOnlyList<string> lines) : base(string.Join("; ", lines.Select(OneLine.Of))) => Lines = [.. lines.Select(OneLine.Of)];

    /// <summary>The faults, one line each.</summary>
    public IReadOnlyList<string> Lines { get; }
}
