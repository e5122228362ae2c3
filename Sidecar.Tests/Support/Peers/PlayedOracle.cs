using System.Net.Sockets;
using Testing.Peers;

namespace Sidecar.Tests.Support.Peers;

/// <summary>An Oracle that the test plays, with connections that ask. A sidecar that starts only looks whether it can connect.</summary>
internal sealed class PlayedOracle : IDisposable
{
    private readonly LoopbackListener _listener = new();

    public int Port => _listener.Port;

    /// <summary>Nobody has come with a question since the last connection was accepted.</summary>
    public async Task<bool> IsUntouchedAsync()
    {
        while (!_listener.IsUntouched)
        {
            if (await AsksAsync(await _listener.AcceptAsync()))
                return false;
        }

        return true;
    }

    /// <summary>The next connection that brings a question; the listener closes it at the test's end.</summary>
    public async Task<Socket> AcceptAsync()
    {
        while (true)
        {
            var socket = await _listener.AcceptAsync();
            if (await AsksAsync(socket))
                return socket;
        }
    }

    public void Dispose() => _listener.Dispose();

    private static async Task<bool> AsksAsync(Socket socket)
    {
        // Of no bytes: it completes once something can be read, be it the end.
        await socket.ReceiveAsync(Memory<byte>.Empty).AsTask().WaitAsync(SocketTalk.Limit);
        return socket.Available > 0;
    }
}
