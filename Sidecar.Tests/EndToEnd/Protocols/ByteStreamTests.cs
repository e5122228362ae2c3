using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.EndToEnd.Transfers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Protocols;

/// <summary>Ways to talk that a relay which waits for something would break.</summary>
public sealed class ByteStreamTests
{
    [Theory]
    [InlineData("alone", "epoll")]
    [InlineData("not", "epoll")]
    [InlineData("alone", "sockets")]
    [InlineData("not", "sockets")]
    public async Task Server_ThatSpeaksFirst_IsAnsweredInTurn(string way, string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port, transport: transport);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();

        // RFC 5321: each side waits for the other's line.
        foreach (var (said, answered) in new[] { ("220 ready\r\n", "EHLO x\r\n"), ("250 hello\r\n", "QUIT\r\n"), ("221 bye\r\n", "") })
        {
            await served.SendAsync(said);
            Assert.Equal(said, await client.ReadTextAsync(said.Length));
            await client.SendAsync(answered);
            Assert.Equal(answered, await served.ReadTextAsync(answered.Length));
        }
    }

    [Theory]
    [InlineData("alone", "epoll")]
    [InlineData("xor 42", "epoll")]
    [InlineData("alone", "sockets")]
    public async Task Bytes_OneByOneBothWaysAtOnce_ComeInOrder(string way, string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port, transport: transport);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"{i},"));

        var sending = Task.WhenAll(SendOneByOneAsync(client, text), SendOneByOneAsync(served, text));

        Assert.Equal(text, await served.ReadTextAsync(text.Length));
        Assert.Equal(text, await client.ReadTextAsync(text.Length));
        await sending;
    }

    [Theory]
    [InlineData("alone", "epoll")]
    [InlineData("not", "epoll")]
    [InlineData("alone", "sockets")]
    [InlineData("not", "sockets")]
    public async Task UrgentBytes_BothWays_StayInTheirPlace(string way, string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecars = await SidecarWay.OpenAsync(way, service.Port, transport: transport);
        using var client = await SocketTalk.ConnectAsync(sidecars.Port);
        using var served = await service.AcceptAsync();

        for (var i = 0; i < 20; i++)
        {
            await SendWithUrgentAsync(client, served);
            await SendWithUrgentAsync(served, client);
        }
    }

    private static async Task SendOneByOneAsync(Socket socket, string text)
    {
        foreach (var character in text)
            await socket.SendAsync($"{character}");
    }

    private static async Task SendWithUrgentAsync(Socket from, Socket to)
    {
        await from.SendAsync("before");
        await from.SendAsync(Encoding.ASCII.GetBytes("!"), SocketFlags.OutOfBand, TestContext.Current.CancellationToken);
        await from.SendAsync("after");
        Assert.Equal("before!after", await to.ReadTextAsync(12));
    }
}
