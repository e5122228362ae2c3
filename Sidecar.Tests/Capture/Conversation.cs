using System.Text;
using Packets;

namespace Sidecar.Tests.Capture;

/// <summary>A segment of a conversation.</summary>
internal sealed record Segment(TcpDirection Direction, uint Sequence, uint Acknowledgement, TcpControl Control, byte[] Bytes);

/// <summary>
/// Exchanges of one connection as TCP segments. Each request has its own path, which the response repeats. Bodies look like requests and
/// responses, at the starts of segments too.
/// </summary>
internal sealed class Conversation
{
    private const string Fake = "GET /fake HTTP/1.1\r\nHost: x\r\n\r\nHTTP/1.1 200 OK\r\nX-Path: /fake\r\nContent-Length: 0\r\n\r\n";

    private readonly Random _random;
    private readonly List<Segment> _segments = [];
    private uint _client;
    private uint _server;

    /// <param name="name">The first part of each path.</param>
    /// <param name="random">Chooses everything.</param>
    /// <param name="exchanges">The number of exchanges.</param>
    /// <param name="depth">Requests that the client sends before it has the first answer.</param>
    public Conversation(string name, Random random, int exchanges, int depth = 1)
    {
        _random = random;
        (_client, _server) = ((uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32));
        Add(TcpDirection.ToServer, TcpControl.Syn, []);
        Add(TcpDirection.ToClient, TcpControl.Syn | TcpControl.Ack, []);
        for (var i = 0; i < exchanges + depth - 1; i++)
        {
            if (i < exchanges)
                Request($"/{name}/{i}");
            if (i >= depth - 1)
                Answer($"/{name}/{i - depth + 1}");
        }

        Add(TcpDirection.ToServer, TcpControl.Fin | TcpControl.Ack, []);
        Add(TcpDirection.ToClient, TcpControl.Fin | TcpControl.Ack, []);
    }

    /// <summary>In the order in which they pass.</summary>
    public IReadOnlyList<Segment> Segments => _segments;

    private void Request(string path)
    {
        var body = Body();
        Send(TcpDirection.ToServer, body.Length == 0 ? $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" : $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    private void Answer(string path)
    {
        var answer = Body();
        var isChunked = _random.Next(2) == 0;
        Send(TcpDirection.ToClient, isChunked
            ? $"HTTP/1.1 200 OK\r\nX-Path: {path}\r\nTransfer-Encoding: chunked\r\n\r\n{(answer.Length == 0 ? "" : $"{answer.Length:x}\r\n{answer}\r\n")}0\r\n\r\n"
            : $"HTTP/1.1 200 OK\r\nX-Path: {path}\r\nContent-Length: {answer.Length}\r\n\r\n{answer}");
    }

    private string Body() => string.Concat(Enumerable.Repeat(Fake, _random.Next(4) switch { 0 => 0, 1 => _random.Next(1, 3), 2 => _random.Next(3, 20), _ => 100 }));

    // Half of the segments end before a line that looks like the start of a message.
    private void Send(TcpDirection direction, string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(text.Length - at, _random.Next(1, 1400));
            var start = text.IndexOf(_random.Next(2) == 0 ? "GET /fake" : "HTTP/1.1 200", at + 1, StringComparison.Ordinal);
            if (start > at && _random.Next(2) == 0)
                length = Math.Min(length, start - at);
            Add(direction, TcpControl.Ack, Encoding.ASCII.GetBytes(text.Substring(at, length)));
            at += length;
        }
    }

    private void Add(TcpDirection direction, TcpControl control, byte[] bytes)
    {
        var toServer = direction == TcpDirection.ToServer;
        ref var own = ref toServer ? ref _client : ref _server;
        _segments.Add(new Segment(direction, own, toServer ? _server : _client, control, bytes));
        own += (uint)bytes.Length + ((control & (TcpControl.Syn | TcpControl.Fin)) == TcpControl.None ? 0u : 1u);
    }
}
