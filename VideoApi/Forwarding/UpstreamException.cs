namespace VideoApi.Forwarding;

/// <summary>Another service did not do its part; the message says which and why, fit to be shown to a user.</summary>
internal sealed class UpstreamException : Exception
{
    /// <summary>Creates it with the reason.</summary>
    public UpstreamException(string message) : base(message)
    {
    }

    /// <summary>Creates it with the reason and what caused it.</summary>
    public UpstreamException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
