using System.Net.Sockets;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>An endless stream of bytes that are known by their place, so that each can be checked when it comes, however late.</summary>
internal static class Pattern
{
    // A prime: no power of two, as buffers are, is a multiple of it.
    private const int Period = 65_521;
    private const int MaxChunk = 128 * 1024;
    private const int SlowChunk = 8 * 1024;

    // One chunk from any place of the period.
    private static readonly byte[] Bytes = Create();

    /// <summary>The bytes from a place on.</summary>
    public static ReadOnlyMemory<byte> At(long position, int length) => Bytes.AsMemory((int)(position % Period), length);

    /// <summary>Hands the kernel what it takes at once.</summary>
    public static int TrySend(Socket socket, long position)
    {
        socket.Blocking = false;
        var sent = socket.Send(At(position, MaxChunk).Span, SocketFlags.None, out var error);
        Assert.True(error is SocketError.Success or SocketError.WouldBlock, $"{error}");
        return sent;
    }

    /// <summary>Sends a number of bytes.</summary>
    public static async Task SendAsync(Socket socket, long count, long position = 0)
    {
        for (var end = position + count; position < end;)
        {
            var chunk = At(position, (int)Math.Min(MaxChunk, end - position));
            position += await socket.SendAsync(chunk, TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit);
        }
    }

    /// <summary>Reads up to an orderly end and checks every byte.</summary>
    /// <returns>How many bytes came.</returns>
    public static async Task<long> ReadToEndAsync(Socket socket)
    {
        var (count, error) = await ReadAsync(socket);
        Assert.Equal(SocketError.Success, error);
        return count;
    }

    /// <summary>Reads up to a reset and checks every byte.</summary>
    /// <returns>How many bytes came.</returns>
    public static async Task<long> ReadToResetAsync(Socket socket, Func<Task>? pause = null)
    {
        var (count, error) = await ReadAsync(socket, pause);
        Assert.Equal(SocketError.ConnectionReset, error);
        return count;
    }

    /// <summary>Reads until nothing more comes, and checks every byte.</summary>
    /// <param name="socket">The socket to read.</param>
    /// <param name="pause">Before each read, which then takes little.</param>
    /// <returns>How many bytes came, and the error behind them: success is an orderly end.</returns>
    public static async Task<(long Count, SocketError Error)> ReadAsync(Socket socket, Func<Task>? pause = null)
    {
        var buffer = new byte[pause is null ? MaxChunk : SlowChunk];
        for (var position = 0L; ;)
        {
            if (pause is not null)
                await pause();
            int read;
            try
            {
                read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit);
            }
            catch (SocketException error)
            {
                return (position, error.SocketErrorCode);
            }

            if (read == 0)
                return (position, SocketError.Success);
            Assert.True(buffer.AsSpan(0, read).SequenceEqual(At(position, read).Span), $"other bytes behind {position}");
            position += read;
        }
    }

    private static byte[] Create()
    {
        var bytes = new byte[Period + MaxChunk];
        new Random(4_711).NextBytes(bytes.AsSpan(0, Period));
        for (var i = Period; i < bytes.Length; i++)
            bytes[i] = bytes[i - Period];
        return bytes;
    }
}
