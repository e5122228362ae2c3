namespace Chassis;

/// <summary>
/// What the user asked for cannot be done: a wrong option, an unreadable file, a port in use.
/// The message is one line that names the option, the value and the remedy; the program prints it and exits with 2.
/// </summary>
public sealed class UsageException : Exception
{
    /// <summary>Creates the error with the line to print.</summary>
    public UsageException(string message) : base(OneLine.Of(message))
    {
    }

    /// <summary>Creates the error with the line to print and what caused it.</summary>
    public UsageException(string message, Exception innerException) : base(OneLine.Of(message), innerException)
    {
    }
}
