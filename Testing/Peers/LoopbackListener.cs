using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Testing.Peers;

/// <summary>A listening socket of the test itself. While the test does not accept, it is a silent peer.</summary>
internal sealed class LoopbackListener : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _accepted = [];

    public LoopbackListener(int backlog = 512)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(backlog);
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>The next connection; the listener closes it at the test's end.</summary>
    public async Task<Socket> AcceptAsync()
    {
        var socket = await _socket.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit);
        socket.NoDelay = true;
        lock (_accepted)
            _accepted.Add(socket);
        return socket;
    }

    /// <summary>The next connection, without a time limit.</summary>
    public async Task<Socket> AcceptAnyAsync()
    {
        var socket = await _socket.AcceptAsync();
        socket.NoDelay = true;
        lock (_accepted)
            _accepted.Add(socket);
        return socket;
    }

    /// <summary>Whether no connection waits.</summary>
    public bool IsUntouched => !_socket.Poll(0, SelectMode.SelectRead);

    public void Dispose()
    {
        _socket.Dispose();
        lock (_accepted)
            _accepted.ForEach(s => s.Dispose());
    }
}

/// <summary>A port without a listener that no other program can take meanwhile: connecting to it is refused.</summary>
internal sealed class RefusingPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public RefusingPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public Uri Url => new($"http://{_socket.LocalEndPoint}");

    public void Dispose() => _socket.Dispose();
}

/// <summary>A port with a full queue of connections: the kernel ignores every further SYN, so connecting to it hangs.</summary>
internal sealed class HangingPort : IAsyncDisposable
{
    private readonly LoopbackListener _listener = new(backlog: 0);
    private readonly List<Socket> _fillers = [];

    private HangingPort()
    {
    }

    public int Port => _listener.Port;

    public static async Task<HangingPort> OpenAsync()
    {
        var port = new HangingPort();
        // listen(2) with a backlog of 0 leaves room for one.
        port._fillers.Add(await SocketTalk.ConnectAsync(port.Port));
        // The connection is in the queue when the kernel has handled its last ACK.
        await Eventually.TrueAsync(() => !port._listener.IsUntouched);
        return port;
    }

    public ValueTask DisposeAsync()
    {
        _fillers.ForEach(s => s.Dispose());
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }
}
