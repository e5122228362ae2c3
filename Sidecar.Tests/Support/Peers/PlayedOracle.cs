using System.Net.Sockets;

namespace Sidecar.Tests.Support.Peers;

/// <summary>An Oracle whose part the test plays: connections that ask. A sidecar that starts only looks whether it can connect.</summary>
internal sealed class PlayedOracle : IDisposable
{
    private readonly LoopbackListener _listener = new();

    public int Port => _listener.Port;

    /// <summary>Nobody has connected since the last connection was accepted.</summary>
    public bool IsUntouched => _listener.IsUntouched;

    /// <summary>The next connection that brings a question; the listener closes it at the test's end.</summary>
    public async Task<Socket> AcceptAsync()
    {
        while (true)
        {
            var socket = await _listener.AcceptAsync();
            // Of no bytes: it completes once something can be read, be it the end.
            await socket.ReceiveAsync(Memory<byte>.Empty).AsTask().WaitAsync(SocketTalk.Limit);
            if (socket.Available > 0)
                return socket;
        }
    }

    public void Dispose() => _listener.Dispose();
}
