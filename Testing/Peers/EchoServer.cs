using System.Net;
using System.Net.Sockets;

namespace Testing.Peers;

/// <summary>Sends all bytes back, and ends its own direction after the client has ended.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;

    public EchoServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(EchoAsync(await _listener.AcceptAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            // The server was disposed.
        }
    }

    private async Task EchoAsync(Socket socket)
    {
        using var _ = socket;
        var block = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(block, _stop.Token)) > 0)
            {
                for (var sent = 0; sent < read;)
                    sent += await socket.SendAsync(block.AsMemory(sent, read - sent), _stop.Token);
            }

            socket.Finish();
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The test has ended, or its client has reset the connection on purpose.
        }
    }
}
