using System.Text;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>Clients of which nothing was relayed: reset where no protocol has words for it, told where one has.</summary>
public sealed class RefusedClientTests
{
    public static TheoryData<string> Transports => ["epoll", "sockets"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_OfAFixedTargetThatRefuses_IsReset(string transport)
    {
        using var service = new RefusingPort();
        await using var sidecar = await StartAsync(transport, "--target", $"127.0.0.1:{service.Port}");
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await sidecar.EndsForAsync("connect_failed");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_ThatHasSaidAndFinishedAll_IsResetAllTheSame(string transport)
    {
        await using var service = await HangingPort.OpenAsync();
        await using var sidecar = await StartAsync(transport, "--target", $"127.0.0.1:{service.Port}", "--connect-timeout", "200ms");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
        client.Finish();
        await client.IsResetAsync();
        Assert.Equal("connect_timeout", (await sidecar.RecordAsync()).Reason);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_OverTheConnectionLimit_IsReset(string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await StartAsync(transport, "--target", $"127.0.0.1:{service.Port}", "--max-connections", "1");
        using var first = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await service.AcceptAsync();
        await first.SendAsync("x");
        Assert.Equal("x", await served.ReadTextAsync(1));
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        // The first one's relay is not touched.
        await served.SendAsync("y");
        Assert.Equal("y", await first.ReadTextAsync(1));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_OfAP1WhoseP2IsNotThere_IsReset(string transport)
    {
        using var p2 = new RefusingPort();
        await using var sidecar = await StartAsync(transport, "--role", "p1", "--target", $"127.0.0.1:{p2.Port}");
        await SocketTalk.IsRefusedAsync(sidecar.Port);
        await sidecar.EndsForAsync("connect_failed");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_OfAP1WhoseP2Fails_IsReset(string transport)
    {
        using var service = new RefusingPort();
        await using var p2 = await StartAsync(transport, "--role", "p2", "--target", $"127.0.0.1:{service.Port}");
        await using var p1 = await StartAsync(transport, "--role", "p1", "--target", $"127.0.0.1:{p2.Port}");
        await SocketTalk.IsRefusedAsync(p1.Port);
        await p1.EndsForAsync("peer_refused");
        await p2.EndsForAsync("connect_failed");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task P1_WhoseP2Fails_ReadsItsLineAndAnOrderlyEnd(string transport)
    {
        using var service = new RefusingPort();
        await using var p2 = await StartAsync(transport, "--role", "p2", "--target", $"127.0.0.1:{service.Port}");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);
        await peer.SendAsync("bonjour abc\n");
        Assert.Equal("fail abc\n", Encoding.ASCII.GetString(await peer.ReadToEndAsync()));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task SocksClient_WhoseDestinationRefuses_ReadsTheAnswerAndAnOrderlyEnd(string transport)
    {
        using var service = new RefusingPort();
        await using var sidecar = await StartAsync(transport, "--mode", "socks4");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        await client.SendAllAsync([4, 1, (byte)(service.Port >> 8), (byte)service.Port, 127, 0, 0, 1, 0]);
        var answer = await client.ReadToEndAsync();
        // "Request rejected or failed" of SOCKS4.
        Assert.Equal([0, 91], answer[..2]);
        Assert.Equal(8, answer.Length);
        await sidecar.EndsForAsync("connect_failed");
    }

    private static Task<RunningSidecar> StartAsync(string transport, params IEnumerable<string> options) =>
        RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--transport", transport, .. options]);
}
