namespace Sidecar.Transport;

/// <summary>A transport's listeners, which a drain closes before anything else; what was accepted lives on.</summary>
internal interface IDrainable
{
    /// <summary>
    /// Accepts what already waits and closes the proxy listeners: whoever connects from then on is refused. Completes once
    /// every accepted connection has reached its first stage.
    /// </summary>
    public Task StopAcceptingAsync();
}
