using System.Net;
using System.Net.Sockets;
using Demo.Verification;
using Testing;
using Xunit;

namespace Workload.Tests.Demo;

[SystemTest]
public sealed class TcpTapTests
{
    private const int Plenty = 16 * 1024 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Relay_BothWays_PassesAndRecordsEveryByte()
    {
        await using var way = await Way.OpenAsync(Plenty);
        var (question, answer) = (Bytes(300_000), Bytes(700_000));

        await Task.WhenAll(SendAsync(way.Client, question), SendAsync(way.Server, answer));
        var got = await Task.WhenAll(ReadToEndAsync(way.Server), ReadToEndAsync(way.Client));

        Assert.Equal(question, got[0]);
        Assert.Equal(answer, got[1]);
        var tapped = Assert.Single(way.Tap.Connections);
        Assert.Equal(question, tapped.ToTarget.Sample());
        Assert.Equal(answer, tapped.FromTarget.Sample());
        Assert.True(tapped.ToTarget.IsComplete && tapped.FromTarget.IsComplete);
    }

    [Fact]
    public async Task Relay_AfterTheClientsHalfClose_StillPassesTheAnswer()
    {
        await using var way = await Way.OpenAsync(Plenty);

        await SendAsync(way.Client, "question"u8.ToArray());
        Assert.Equal("question"u8.ToArray(), await ReadToEndAsync(way.Server));
        await SendAsync(way.Server, "answer"u8.ToArray());

        Assert.Equal("answer"u8.ToArray(), await ReadToEndAsync(way.Client));
    }

    [Fact]
    public async Task Relay_AfterAReset_ResetsTheOtherSide()
    {
        await using var way = await Way.OpenAsync(Plenty);

        way.Server.Close(timeout: 0);

        var error = await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(way.Client));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task Record_BeyondTheBudget_KeepsTheStartAndCountsTheRest()
    {
        await using var way = await Way.OpenAsync(maxSampleBytes: 1000);
        var question = Bytes(100_000);

        await SendAsync(way.Client, question);
        Assert.Equal(question, await ReadToEndAsync(way.Server));

        var tapped = Assert.Single(way.Tap.Connections).ToTarget;
        Assert.Equal(100_000, tapped.Count);
        Assert.Equal(question[..1000], tapped.Sample());
        Assert.False(tapped.IsComplete);
    }

    [Fact]
    public async Task Connect_WhenNobodyListensBehind_IsReset()
    {
        using var unused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unused.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var tap = new TcpTap((IPEndPoint)unused.LocalEndPoint!, Plenty);

        // The reset may come before the client has seen that it is connected.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await ConnectAsync(tap.Address);
            await ReadToEndAsync(client);
        });
        Assert.Empty(tap.Connections);
    }

    [Fact]
    public async Task Dispose_WithOpenConnections_ClosesThem()
    {
        await using var way = await Way.OpenAsync(Plenty);

        await way.Tap.DisposeAsync();

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(way.Client));
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await socket.SendAsync(bytes.AsMemory(sent), Cancel);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, Cancel)) > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, Cancel);
        return socket;
    }

    // A client and a server with the tap between them.
    private sealed record Way(TcpTap Tap, Socket Client, Socket Server) : IAsyncDisposable
    {
        public static async Task<Way> OpenAsync(int maxSampleBytes)
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            var tap = new TcpTap((IPEndPoint)listener.LocalEndPoint!, maxSampleBytes);
            var client = await ConnectAsync(tap.Address);
            return new Way(tap, client, await listener.AcceptAsync(Cancel));
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            Server.Dispose();
            await Tap.DisposeAsync();
        }
    }
}
