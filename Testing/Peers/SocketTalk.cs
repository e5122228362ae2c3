using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Testing.Peers;

/// <summary>Sends and receives over plain sockets in tests, with a time limit for each wait.</summary>
internal static class SocketTalk
{
    // Long, because of loaded machines; only a failing test waits so long.
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Socket> ConnectAsync(int port, IPAddress? address = null)
    {
        var target = address ?? IPAddress.Loopback;
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        // A blocking connect: a reset right after the handshake rarely comes before this call returns.
        await Task.Run(() => socket.Connect(target, port), Cancellation).WaitAsync(Limit);
        return socket;
    }

    public static Task SendAsync(this Socket socket, string text) => socket.SendAllAsync(Encoding.Latin1.GetBytes(text));

    public static async Task SendAllAsync(this Socket socket, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await socket.SendAsync(bytes.AsMemory(sent), Cancellation).AsTask().WaitAsync(Limit);
    }

    /// <summary>Ends the sending direction.</summary>
    public static void Finish(this Socket socket) => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST instead of FIN: a linger time of 0 (tcp(7)).</summary>
    public static void Reset(this Socket socket) => socket.Close(timeout: 0);

    /// <summary>A number of bytes; fewer if the stream ends before.</summary>
    public static async Task<byte[]> ReadAsync(this Socket socket, int count)
    {
        var bytes = new byte[count];
        var length = 0;
        while (length < count)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(length), Cancellation).AsTask().WaitAsync(Limit);
            if (read == 0)
                break;
            length += read;
        }

        return bytes[..length];
    }

    public static async Task<string> ReadTextAsync(this Socket socket, int count) => Encoding.Latin1.GetString(await socket.ReadAsync(count));

    /// <summary>One line without its LF. It is read byte by byte, so that the next bytes stay in the socket.</summary>
    public static async Task<string> ReadLineAsync(this Socket socket)
    {
        var line = new StringBuilder();
        while (await socket.ReadTextAsync(1) is { Length: 1 } character && character != "\n")
            line.Append(character);
        return line.ToString();
    }

    /// <summary>All bytes up to an orderly end; a reset throws.</summary>
    public static async Task<byte[]> ReadToEndAsync(this Socket socket)
    {
        var all = new MemoryStream();
        var block = new byte[64 * 1024];
        int read;
        while ((read = await socket.ReceiveAsync(block, Cancellation).AsTask().WaitAsync(Limit)) > 0)
            all.Write(block, 0, read);
        return all.ToArray();
    }

    /// <summary>All bytes until the peer ends the connection, by FIN or RST.</summary>
    public static async Task<string> ReadUntilClosedAsync(this Socket socket)
    {
        var all = new StringBuilder();
        try
        {
            while (await socket.ReadTextAsync(1) is { Length: 1 } character)
                all.Append(character);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            // A reset also ends the connection.
        }

        return all.ToString();
    }

    /// <summary>Checks that a connection is reset when it is accepted; the reset may come before the client's connect returns.</summary>
    public static Task IsRefusedAsync(int port) => IsRefusedAsync(() => ConnectAsync(port));

    /// <summary>The same for a connection that is made in another way.</summary>
    public static async Task IsRefusedAsync(Func<Task<Socket>> connect)
    {
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var socket = await connect();
            await socket.ReadToEndAsync();
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    /// <summary>Checks that the peer resets the connection: a cut stream must not look like a complete one.</summary>
    public static async Task IsResetAsync(this Socket socket)
    {
        var error = await Assert.ThrowsAsync<SocketException>(() => socket.ReadToEndAsync());
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }
}
