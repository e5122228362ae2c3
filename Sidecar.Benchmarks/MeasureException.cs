namespace Sidecar.Benchmarks;

/// <summary>One measurement of one candidate failed: it died, or answered wrongly. The message is one line for the user.</summary>
internal sealed class MeasureException : Exception
{
    public MeasureException(string message) : base(message)
    {
    }

    public MeasureException(string message, Exception cause) : base(message, cause)
    {
    }
}
