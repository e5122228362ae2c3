using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Workload.Tests.VideoApi.Support;

/// <summary>One request that a <see cref="ScriptedServer"/> got, and the connection to answer on.</summary>
internal sealed record ScriptedRequest(string Head, NetworkStream Stream)
{
    /// <summary>The request target as it came.</summary>
    public string Target => Head.Split(' ')[1];

    public Task SendAsync(string text) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    public Task SendJsonAsync(string json, int status = 200) =>
        SendAsync($"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

    /// <summary>Waits until the client closes; false when it sent something instead.</summary>
    public async Task<bool> WaitForCloseAsync()
    {
        try
        {
            return await Stream.ReadAsync(new byte[1]) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}

/// <summary>An HTTP server that answers byte by byte as a test says: to be wrong in ways that a real one is not.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly Func<ScriptedRequest, Task> _answer;
    private readonly Task _accepting;

    /// <param name="answer">Answers one request; the connection is kept for the next unless it closes the stream.</param>
    public ScriptedServer(Func<ScriptedRequest, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        Url = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    public Uri Url { get; }

    public int Connections => _clients.Count;

    public ConcurrentQueue<string> Heads { get; } = [];

    public IEnumerable<string> Targets => Heads.Select(head => head.Split(' ')[1]);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        // Before the listener goes: it may be about to accept.
        await _accepting;
        _listener.Dispose();
        foreach (var client in _clients)
            client.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _clients.Add(client);
                _ = ServeAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(NetworkStream stream)
    {
        try
        {
            while (await ReadHeadAsync(stream) is { } head)
            {
                Heads.Enqueue(head);
                await _answer(new ScriptedRequest(head, stream));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The other side closed, or the test is over.
        }
    }

    private static async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            if (await stream.ReadAsync(one) == 0)
                return null;
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
