using System.Net.Sockets;
using System.Text;

namespace Workload.Tests.VideoApi.Support;

/// <summary>An answer with a head that has come; its body waits in small socket buffers until it is read.</summary>
internal sealed class BegunAnswer : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
    private int _bodyBytes;

    /// <summary>The status line.</summary>
    public string Status { get; private set; } = "";

    /// <summary>The headers.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Asks for a path and reads the answer's head.</summary>
    public static async Task<BegunAnswer> GetAsync(Uri server, string path, string header, CancellationToken cancellation)
    {
        var answer = new BegunAnswer();
        await answer._socket.ConnectAsync(server.Host, server.Port, cancellation);
        var more = header.Length == 0 ? "" : header + "\r\n";
        await answer._socket.SendAsync(Encoding.Latin1.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n{more}\r\n"), cancellation);
        await answer.ReadHeadAsync(cancellation);
        return answer;
    }

    /// <summary>Reads to the end.</summary>
    /// <returns>How many bytes the body had, and whether a reset ended it.</returns>
    public async Task<(int Bytes, bool IsReset)> CountRestAsync(CancellationToken cancellation)
    {
        var buffer = new byte[1 << 20];
        try
        {
            while (await _socket.ReceiveAsync(buffer, cancellation) is > 0 and var count)
                _bodyBytes += count;
            return (_bodyBytes, false);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return (_bodyBytes, true);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReadHeadAsync(CancellationToken cancellation)
    {
        var head = new byte[16 << 10];
        var (filled, end) = (0, -1);
        while (end < 0)
        {
            var count = await _socket.ReceiveAsync(head.AsMemory(filled), cancellation);
            if (count == 0)
                throw new IOException($"no whole head: {Encoding.Latin1.GetString(head, 0, filled)}");
            filled += count;
            end = head.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
        }

        _bodyBytes = filled - end - 4;
        var lines = Encoding.Latin1.GetString(head, 0, end).Split("\r\n");
        Status = lines[0];
        foreach (var line in lines.Skip(1))
            Headers.Add(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..]);
    }
}
