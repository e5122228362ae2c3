using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Benchmarks.Peers;

/// <summary>Clients of SOCKS4, in a process of their own: each makes one connection after the other, with a request on each, for some time.</summary>
internal static class SocksClient
{
    private const int GrantLength = 8;
    private const byte Granted = 90;

    private static readonly byte[] Request = [.. "GET / HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n"u8];
    private static readonly byte[] Answer = [.. "HTTP/1.1 200"u8];

    /// <summary>Runs to the end.</summary>
    /// <exception cref="MeasureException">A connection broke, or was not answered.</exception>
    public static async Task<PeerResult> RunAsync(int port, int target, int clients, TimeSpan time, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var made = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => RepeatAsync()));
            return new PeerResult(made.Sum(), clock.Elapsed.TotalSeconds);
        }
        catch (SocketException error)
        {
            throw new MeasureException($"a connection broke: {error.Message}", error);
        }

        async Task<long> RepeatAsync()
        {
            var buffer = new byte[16 * 1024];
            long made = 0;
            for (; clock.Elapsed < time; made++)
                await ConnectAsync(port, target, buffer, stop);
            return made;
        }
    }

    private static async Task ConnectAsync(int port, int target, byte[] buffer, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
        byte[] connect = [4, 1, (byte)(target >> 8), (byte)target, 127, 0, 0, 1, 0];
        await socket.SendAsync(connect, stop);
        if (await ReadAsync(socket, buffer.AsMemory(0, GrantLength), stop) < GrantLength || buffer[1] != Granted)
            throw new MeasureException("a SOCKS request was not granted");
        await socket.SendAsync(Request, stop);
        if (await ReadAsync(socket, buffer, stop) <= Answer.Length || !buffer.AsSpan().StartsWith(Answer))
            throw new MeasureException("a request was not answered");
    }

    // Until the buffer is full or the stream ends.
    private static async Task<int> ReadAsync(Socket socket, Memory<byte> buffer, CancellationToken stop)
    {
        var length = 0;
        while (length < buffer.Length && await socket.ReceiveAsync(buffer[length..], stop) is > 0 and var read)
            length += read;
        return length;
    }
}
