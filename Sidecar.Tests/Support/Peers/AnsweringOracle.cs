using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Testing.Peers;

namespace Sidecar.Tests.Support.Peers;

/// <summary>An Oracle of dialect v1x that answers each question, on as many connections as come, as the test says.</summary>
internal sealed class AnsweringOracle : IAsyncDisposable
{
    private readonly LoopbackListener _listener = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Func<string, string> _answer;
    private readonly Task _accepting;
    private int _questions;
    private volatile bool _stopped;

    /// <param name="answer">From a question to the line of its answer.</param>
    public AnsweringOracle(Func<string, string> answer)
    {
        _answer = answer;
        _accepting = AcceptAsync();
    }

    public int Port => _listener.Port;

    /// <summary>How many connections it has accepted.</summary>
    public int Connections => _connections.Count;

    /// <summary>How many questions it has answered.</summary>
    public int Questions => Volatile.Read(ref _questions);

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(AnswerAsync(await _listener.AcceptAnyAsync()));
        }
        catch (Exception) when (_stopped)
        {
            // Disposed.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        var pending = "";
        var block = new byte[4096];
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(block)) > 0)
            {
                var lines = (pending + Encoding.ASCII.GetString(block, 0, count)).Split('\n');
                pending = lines[^1];
                foreach (var line in lines[..^1])
                {
                    Interlocked.Increment(ref _questions);
                    await socket.SendAsync(Encoding.ASCII.GetBytes(_answer(line) + "\n"));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The sidecar or the test has ended.
        }
    }
}
