using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>Clients that connect to p2 and do not speak as p1 does. The service behind p2 never sees them.</summary>
public sealed class GreetingToP2Tests
{
    private const string Long63 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Theory]
    [InlineData("")]
    [InlineData("bonjo")]
    [InlineData("bonjour abc 127.0.0.1 9000")]
    [InlineData("bonjour abc\r")]
    public async Task Greeting_NeverWhole_EndsAtTheHandshakeLimit(string said)
    {
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(service, OracleWay.LongHandshake);
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        await peer.SendAsync(said);

        Assert.Equal("", await peer.ReadUntilClosedAsync());
        var record = await p2.EndsForAsync("handshake_timeout");
        Assert.True(record.DurationMs >= OracleWay.LeastLongMs, $"{record}");
        Assert.True(service.IsUntouched);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\n")]
    [InlineData("\0\0\0\0\n")]
    [InlineData("\u0016\u0003\u0001\u0002\n")]
    [InlineData("bonjour\n")]
    [InlineData("bonjour abc 127.0.0.1\n")]
    [InlineData("bonjour abc 127.0.0.1 80 81\n")]
    [InlineData("BONJOUR abc\n")]
    [InlineData("bonjour abc\u00e9\n")]
    [InlineData("bonjour " + Long63 + "xx\n")]
    [InlineData("ok abc\n")]
    public async Task Greeting_OfNoProtocol_IsAProtocolError(string said)
    {
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(service);
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        await peer.SendAsync(said);

        Assert.Equal("", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync("protocol_error");
        Assert.True(service.IsUntouched);
    }

    [Theory]
    [InlineData("../../etc/passwd 80")]
    [InlineData("a;b 80")]
    [InlineData("$(id) 80")]
    [InlineData("http://127.0.0.1 80")]
    [InlineData("user@127.0.0.1 80")]
    [InlineData("%31%32%37.0.0.1 80")]
    [InlineData("127.0.0.1 0")]
    [InlineData("[::ffff:7f00:1]:80 19000")]
    [InlineData("[::1] 80")]
    [InlineData("010.0.0.1 80")]
    [InlineData("2130706433 80")]
    [InlineData("0x7f.1 80")]
    [InlineData("127.0.0.1 65536")]
    [InlineData("127.0.0.1 -1")]
    [InlineData("127.0.0.1 +80")]
    [InlineData("127.0.0.1 80x")]
    public async Task Greeting_WithAHostileDestination_IsAProtocolErrorBeforeAnyLookup(string destination)
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--role", "p2");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        await peer.SendAsync($"bonjour abc {destination}\n");

        Assert.Equal("", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync("protocol_error");
    }

    [Fact]
    public async Task Greeting_TooLong_EndsWithoutWaitingForItsEnd()
    {
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(service, "1m");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        await peer.SendAsync(new string('b', 131));

        Assert.Equal("", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync("protocol_error");
    }

    [Fact]
    public async Task Greeting_CutByTheEndOfTheStream_IsAFailedHandshake()
    {
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(service, "1m");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        await peer.SendAsync("bonjour ab");
        peer.Finish();

        Assert.Equal("", await peer.ReadUntilClosedAsync());
        await p2.EndsForAsync("handshake_failed");
    }

    [Fact]
    public async Task Greeting_CutByAReset_IsAClientReset()
    {
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(service, "1m");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        await peer.SendAsync("bonjour ab");
        peer.Reset();

        await p2.EndsForAsync("client_reset");
    }

    [Fact]
    public async Task Greeting_ForANameThatDoesNotResolve_IsRefusedAsThePeerExpectsIt()
    {
        await using var p2 = await RunningSidecar.StartAsync("--listen", "127.0.0.1:0", "--role", "p2");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        // RFC 1035 section 2.3.4: no label is longer than 63, so no name server needs to be asked.
        await peer.SendAsync($"bonjour abc {Long63}x.test 80\n");

        Assert.Equal("fail abc\n", await peer.ReadUntilClosedAsync());
        var record = await p2.EndsForAsync("connect_failed");
        Assert.Equal("abc", record.Id);
    }

    [Fact]
    public async Task Greeting_ByteByByte_IsUnderstoodAndWhatFollowsIsRelayed()
    {
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(service, "20s");
        using var peer = await SocketTalk.ConnectAsync(p2.Port);

        foreach (var character in "bonjour abc\r\nhi")
            await peer.SendAsync($"{character}");
        using var served = await service.AcceptAsync();

        Assert.Equal("hi", await served.ReadTextAsync(2));
        Assert.Equal("ok abc", await peer.ReadLineAsync());
    }

    private static Task<RunningSidecar> StartAsync(LoopbackListener service, string handshakeTimeout = "20s") =>
        RunningSidecar.StartAsync("0", "127.0.0.1", $"{service.Port}", "127.0.0.1", "p2", "--handshake-timeout", handshakeTimeout);
}
