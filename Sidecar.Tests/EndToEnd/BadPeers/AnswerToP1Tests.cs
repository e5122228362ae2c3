using System.Net.Sockets;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>A p2 that does not answer p1 as the protocol says. No byte of the client goes to it, none of its bytes to the client.</summary>
public sealed class AnswerToP1Tests
{
    [Theory]
    [InlineData("")]
    [InlineData("ok ")]
    [InlineData("ok {id}")]
    public async Task Answer_NeverWhole_EndsAtTheHandshakeLimit(string answer)
    {
        var record = await AnswerAsync(answer, "handshake_timeout", OracleWay.LongHandshake);

        Assert.True(record.DurationMs >= OracleWay.LeastLongMs, $"{record}");
    }

    [Theory]
    [InlineData("fail {id}\n", "peer_refused")]
    [InlineData("ok somebody-else\n", "handshake_failed")]
    [InlineData("fail somebody-else\n", "handshake_failed")]
    [InlineData("ok\n", "protocol_error")]
    [InlineData("ok {id} more\n", "protocol_error")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "protocol_error")]
    [InlineData("\0\u00ff\n", "protocol_error")]
    [InlineData("\n", "protocol_error")]
    public async Task Answer_OtherThanOk_EndsTheConnection(string answer, string reason) => await AnswerAsync(answer, reason);

    [Fact]
    public async Task Answer_TooLong_EndsWithoutWaitingForItsEnd() => await AnswerAsync(new string('o', 131), "protocol_error");

    [Fact]
    public async Task Answer_CutByTheEndOfTheStream_IsAFailedHandshake() =>
        await AnswerAsync("ok ", "handshake_failed", then: p2 => p2.Finish());

    [Fact]
    public async Task Answer_CutByAReset_IsAnUpstreamReset() =>
        await AnswerAsync("ok ", "upstream_reset", then: p2 => p2.Reset());

    [Fact]
    public async Task Peer_ThatRefusesToConnect_IsAFailedConnect()
    {
        using var p2 = new RefusingPort();
        await using var p1 = await StartAsync(p2.Port, "20s");
        using var client = await SocketTalk.ConnectAsync(p1.Port);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        await p1.EndsForAsync("connect_failed");
    }

    [Fact]
    public async Task Client_ThatResetsDuringTheHandshake_LeavesNothingBehind()
    {
        using var listener = new LoopbackListener();
        await using var p1 = await StartAsync(listener.Port, OracleWay.LongHandshake);
        using var client = await SocketTalk.ConnectAsync(p1.Port);
        using var p2 = await listener.AcceptAsync();
        await p2.ReadLineAsync();

        client.Reset();

        await p2.ReadUntilClosedAsync();
        await p1.RecordAsync();
        await p1.NoSocketIsOpenAsync();
    }

    private static async Task<RecordedConnection> AnswerAsync(
        string answer, string reason, string handshakeTimeout = "20s", Action<Socket>? then = null)
    {
        using var listener = new LoopbackListener();
        await using var p1 = await StartAsync(listener.Port, handshakeTimeout);
        using var client = await SocketTalk.ConnectAsync(p1.Port);
        await client.SendAsync("secret");
        using var p2 = await listener.AcceptAsync();
        var greeting = await p2.ReadLineAsync();
        Assert.Matches("^bonjour [!-~]{1,16}$", greeting);

        await p2.SendAsync(answer.Replace("{id}", greeting.Split(' ')[1], StringComparison.Ordinal));
        then?.Invoke(p2);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        if (then is null)
            Assert.Equal("", await p2.ReadUntilClosedAsync());
        return await p1.EndsForAsync(reason);
    }

    private static Task<RunningSidecar> StartAsync(int p2, string handshakeTimeout) =>
        RunningSidecar.StartAsync("0", "127.0.0.1", $"{p2}", "127.0.0.1", "p1", "--handshake-timeout", handshakeTimeout);
}
