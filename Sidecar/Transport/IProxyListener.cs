namespace Sidecar.Transport;

/// <summary>A listening socket that is accepted on. Disposing of it waits for the last of its connections.</summary>
internal interface IProxyListener : IAsyncDisposable
{
    /// <summary>
    /// Accepts what already waits and closes the socket: whoever connects from then on is refused. Completes once every accepted
    /// connection has reached its first stage; what was accepted lives on.
    /// </summary>
    public Task StopAsync();
}
