namespace Sidecar.Transport;

/// <summary>A listening socket that accepts connections. Disposing of it waits for its last connection.</summary>
internal interface IProxyListener : IAsyncDisposable
{
    /// <summary>
    /// Accepts the connections that already wait and closes the socket, so later clients are refused. Completes when every accepted
    /// connection has reached its first stage; accepted connections live on.
    /// </summary>
    public Task StopAsync();
}
