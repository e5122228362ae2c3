using System.Net.Sockets;
using Sidecar.Tests.EndToEnd.BadPeers;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Faults;

/// <summary>Clients and upstreams that reset before any byte is relayed, at each step on the way there.</summary>
public sealed class ResetBeforeRelayTests
{
    public static TheoryData<string, string, string> FirstWords => new()
    {
        { "epoll", "alone", "" },
        { "epoll", "p2", "" },
        { "epoll", "p2", "bonjo" },
        { "epoll", "socks4", "" },
        { "epoll", "socks4", "\u0004\u0001\u0000" },
        { "epoll", "accept-proxy", "" },
        { "epoll", "accept-proxy", "PROXY TC" },
        { "sockets", "alone", "" },
        { "sockets", "p2", "" },
        { "sockets", "p2", "bonjo" },
        { "sockets", "socks4", "\u0004\u0001\u0000" },
        { "sockets", "accept-proxy", "PROXY TC" },
    };

    [Theory]
    [MemberData(nameof(FirstWords))]
    public async Task Client_ThatResetsAfterItsFirstWords_EndsAndTheServiceIsNotLeftWaiting(string transport, string kind, string said)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await StartAsync(transport, kind, service.Port);
        var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAsync(said);
        client.Reset();

        await sidecar.EndsForAsync("client_reset");
        if (kind != "alone")
            Assert.True(service.IsUntouched);
        else if (!service.IsUntouched)
            await (await service.AcceptAsync()).IsResetAsync();
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Client_ThatResetsWhileP2IsAsked_ResetsP2(string transport)
    {
        using var p2 = new LoopbackListener();
        await using var sidecar = await RunningSidecar.StartAsync("0", "127.0.0.1", $"{p2.Port}", "127.0.0.1", "p1", "--transport", transport);
        var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var peer = await p2.AcceptAsync();
        var id = (await peer.ReadLineAsync()).Split(' ')[1];

        client.Reset();
        await peer.SendAsync($"ok {id}\n");

        await peer.IsResetAsync();
        await sidecar.EndsForAsync("client_reset");
    }

    [Theory]
    [InlineData("epoll", "")]
    [InlineData("epoll", "ok ")]
    [InlineData("sockets", "")]
    [InlineData("sockets", "ok ")]
    public async Task P2_ThatResetsInsteadOfAnswering_EndsTheClient(string transport, string said)
    {
        using var p2 = new LoopbackListener();
        await using var sidecar = await RunningSidecar.StartAsync("0", "127.0.0.1", $"{p2.Port}", "127.0.0.1", "p1", "--transport", transport);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var peer = await p2.AcceptAsync();
        await peer.ReadLineAsync();

        await peer.SendAsync(said);
        peer.Reset();

        Assert.Equal("", await client.ReadUntilClosedAsync());
        await sidecar.EndsForAsync("upstream_reset");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("p1")]
    [InlineData("p2")]
    public async Task Client_ThatResetsWhileTheOracleIsAsked_ResetsTheUpstream(string role)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, "20s");
        using var asked = await oracle.AcceptAsync();
        await asked.ReadLineAsync();

        way.Client.Reset();
        await asked.SendAsync("ok idt\n");

        using var upstream = await way.UpstreamAsync();
        await upstream.IsResetAsync();
        await way.Sidecar.EndsForAsync("client_reset");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Client_ThatResetsWhileTheUpstreamConnects_IsGoneAtTheConnectLimit(string transport)
    {
        await using var upstream = await HangingPort.OpenAsync();
        await using var sidecar = await StartAsync(transport, "alone", upstream.Port, "--connect-timeout", "5s");
        var client = await SocketTalk.ConnectAsync(sidecar.Port);
        await sidecar.Admin.ConnectionInAsync("connecting");

        client.Reset();

        await sidecar.RecordAsync();
        // Its own filler is a socket of the same port.
        await upstream.DisposeAsync();
        await sidecar.EndsForAsync("connect_timeout");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Upstream_ThatResetsBeforeAnyByte_ResetsTheClient(string transport)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await StartAsync(transport, "alone", service.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        using var served = await service.AcceptAsync();
        // Before that, a reset is a failed attempt to connect, and another follows.
        await sidecar.Admin.ConnectionInAsync("relaying");

        served.Reset();

        await client.IsResetAsync();
        await sidecar.EndsForAsync("upstream_reset");
    }

    private static Task<RunningSidecar> StartAsync(string transport, string kind, int target, params IEnumerable<string> options)
    {
        string[] listener = kind switch
        {
            "socks4" => ["--mode", "socks4"],
            "accept-proxy" => ["--target", $"127.0.0.1:{target}", "--accept-proxy", "on"],
            _ => ["--target", $"127.0.0.1:{target}", "--role", kind],
        };
        return RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--transport", transport, .. listener, .. options]);
    }
}
