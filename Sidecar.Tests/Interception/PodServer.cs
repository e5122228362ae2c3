using System.Net.Sockets;
using System.Text;
using Testing.Peers;

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
        await SendAsync(socket, $"220 {socket.RemoteEndPoint}\r\n", stop);
        var block = new byte[64 * 1024];
        int read;
        while ((read = await socket.ReceiveAsync(block, stop)) > 0)
            await SendAsync(socket, block.AsMemory(0, read), stop);
        socket.Finish();
    });

    /// <summary>Says one line to each client and ends.</summary>
    public static PodServer Saying(Socket listener, string line) => new(listener, async (socket, stop) =>
    {
        await SendAsync(socket, line + "\n", stop);
        socket.Finish();
    });

    /// <summary>
    /// Answers each HTTP request with the server's name, on one connection until the client wants its end. Clients must not pipeline. What is no
    /// request gets status 400, as real servers do it.
    /// </summary>
    public static PodServer Web(Socket listener, string name) => new(listener, async (socket, stop) =>
    {
        var received = new byte[8192];
        int length = 0, read;
        while ((read = await socket.ReceiveAsync(received.AsMemory(length), stop)) > 0)
        {
            length += read;
            var request = Encoding.ASCII.GetString(received, 0, length);
            var isHttp = !request.Contains('\n') || request.Contains(" HTTP/1.", StringComparison.Ordinal);
            if (isHttp && !request.EndsWith("\r\n\r\n", StringComparison.Ordinal))
                continue;
            var isLast = !isHttp || request.Contains("Connection: close", StringComparison.OrdinalIgnoreCase);
            var (status, body) = isHttp ? ("200 OK", name) : ("400 Bad Request", "");
            await SendAsync(socket, $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{(isLast ? "Connection: close\r\n" : "")}\r\n{body}", stop);
            length = 0;
            // What is unread at the close would be a reset, so it reads on.
            if (isLast)
                socket.Finish();
        }
    });

    /// <summary>Sends all of it; the server's own limit of time, for it may outlive the test that made it.</summary>
    public static Task SendAsync(Socket socket, string text, CancellationToken stop) => SendAsync(socket, Encoding.ASCII.GetBytes(text), stop);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, stop)..];
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
