using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.Support.Peers;

namespace Sidecar.Tests.Interception;

/// <summary>A server on a socket that was made inside a network namespace.</summary>
internal sealed class PodServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<Socket, CancellationToken, Task> _talk;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public PodServer(Socket listener, Func<Socket, CancellationToken, Task> talk)
    {
        (_listener, _talk) = (listener, talk);
        _accepting = AcceptAsync();
    }

    /// <summary>Speaks first, as SMTP servers do: a line with the client's address as it sees it. Then it echoes.</summary>
    public static PodServer Greeting(Socket listener) => new(listener, async (socket, stop) =>
    {
        await socket.SendAllAsync(Encoding.ASCII.GetBytes($"220 {socket.RemoteEndPoint}\r\n"));
        var block = new byte[64 * 1024];
        int read;
        while ((read = await socket.ReceiveAsync(block, stop)) > 0)
            await socket.SendAllAsync(block[..read]);
        socket.Finish();
    });

    /// <summary>Says one line to each client and ends.</summary>
    public static PodServer Saying(Socket listener, string line) => new(listener, async (socket, _) =>
    {
        await socket.SendAsync(line + "\n");
        socket.Finish();
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var talks = new List<Task>();
        try
        {
            while (true)
                talks.Add(TalkAsync(await _listener.AcceptAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }

        await Task.WhenAll(talks);
    }

    private async Task TalkAsync(Socket socket)
    {
        using var _ = socket;
        try
        {
            await _talk(socket, _stop.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The client is gone, or the test has ended.
        }
    }
}
