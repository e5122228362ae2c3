namespace VideoApi.Forwarding;

/// <summary>Another service failed; the message names it and the reason, in words for a user.</summary>
internal sealed class UpstreamException : Exception
{
    /// <summary>Creates it with the reason.</summary>
    public UpstreamException(string message) : base(message)
    {
    }

    /// <summary>Creates it with the reason and its cause.</summary>
    public UpstreamException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
