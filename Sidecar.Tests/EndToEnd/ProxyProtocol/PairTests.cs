using System.Net;
using System.Net.Sockets;
using System.Text;
using Oracle.Protocol;
using Sidecar.Handshakes.ProxyProtocol;
using Sidecar.Options;
using Sidecar.Tests.Handshakes.ProxyProtocol;
using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.ProxyProtocol;

/// <summary>p1 tells p2 the client before its greeting, p2 tells the service.</summary>
public sealed class PairTests
{
    private static readonly string[] Not = ["--transform", "not"];

    // Catches: p1's address instead of the client's, a dual-stack client as TCP6, a header that waits for the client's bytes,
    // one that is transformed or counted.
    [Theory]
    [InlineData("127.0.0.1:0", "127.0.0.77", "v1", "v1")]
    [InlineData("127.0.0.1:0", "127.0.0.77", "v2", "v2")]
    [InlineData("[::1]:0", "::1", "v1", "v2")]
    [InlineData("[::1]:0", "::1", "v2", "v1")]
    [InlineData("[::]:0", "127.0.0.77", "v1", "v2")]
    [InlineData("[::]:0", "::1", "v2", "v1")]
    public async Task Service_ThatSpeaksFirst_IsToldTheClientOfP1(string listen, string source, string toP2, string toService)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync(
            ["--listen", "[::]:0", "--role", "p2", "--target", $"127.0.0.1:{service.Port}", "--accept-proxy", "on", "--send-proxy", toService, .. Not]);
        await using var p1 = await RunningSidecar.StartAsync(
            ["--listen", listen, "--role", "p1", "--target", $"127.0.0.1:{p2.Port}", "--send-proxy", toP2, .. Not]);
        using var client = await Clients.ConnectFromAsync(source, p1.Port);
        using var served = await service.AcceptAsync();

        var expected = HeaderBytes.Written(
            ProxyHeader.Of((IPEndPoint)client.LocalEndPoint!, (IPEndPoint)client.RemoteEndPoint!), toService == "v1" ? ProxyVersion.V1 : ProxyVersion.V2);
        Assert.Equal(expected, await served.ReadAsync(expected.Length));
        await served.SendAsync("220 ready\n");
        Assert.Equal("220 ready", await client.ReadLineAsync());
        await client.SendAsync("quit");
        client.Finish();
        Assert.Equal("quit"u8.ToArray(), await served.ReadToEndAsync());
        served.Finish();
        Assert.Empty(await client.ReadToEndAsync());

        var (first, second) = (await p1.RecordAsync(), await p2.RecordAsync());
        Assert.Equal((first.Id, "completed", "completed"), (second.Id, first.Reason, second.Reason));
        Assert.All([first, second], record =>
        {
            Assert.Equal(client.LocalEndPoint!.ToString(), record.Text("client"));
            Assert.Equal((4, 10), (record.Number("downstream_received"), record.Number("upstream_received")));
            Assert.Equal((10, 4), (record.Number("downstream_sent"), record.Number("upstream_sent")));
        });
        Assert.Null(first.Text("proxy"));
        Assert.NotNull(second.Text("proxy"));
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task P1_SendsHeaderAndGreetingInOneSegment(string version)
    {
        using var peer = new LoopbackListener();
        await using var p1 = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--role", "p1", "--target", $"127.0.0.1:{peer.Port}", "--send-proxy", version, .. Not]);
        using var client = await Clients.ConnectFromAsync("127.0.0.77", p1.Port);
        using var greeted = await peer.AcceptAsync();

        var block = new byte[1000];
        var length = await greeted.ReceiveAsync(block, TestContext.Current.CancellationToken);

        var (status, consumed, header) = HeaderBytes.Parse(block.AsMemory(..length));
        Assert.Equal((ReadStatus.Complete, client.LocalEndPoint), (status, header?.Source));
        Assert.Matches("^bonjour [^ ]+\n$", Encoding.ASCII.GetString(block, (int)consumed, length - (int)consumed));
        greeted.Reset();
    }

    // Fail closed: a client of p1 who is nobody to p2 must not become p1.
    [Theory]
    [InlineData("off", "on", "protocol_error")]
    [InlineData("v1", "off", "protocol_error")]
    [InlineData("v2", "off", "protocol_error")]
    public async Task Pair_ThatDisagrees_EndsBeforeTheService(string send, string accept, string reason)
    {
        using var service = new LoopbackListener();
        await using var p2 = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--role", "p2", "--target", $"127.0.0.1:{service.Port}", "--accept-proxy", accept, .. Not]);
        await using var p1 = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--role", "p1", "--target", $"127.0.0.1:{p2.Port}", "--send-proxy", send, .. Not]);
        using var client = await SocketTalk.ConnectAsync(p1.Port);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        await p2.EndsForAsync(reason);
        Assert.True(service.IsUntouched);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "20s", "protocol_error")]
    [InlineData("PROXY TCP4 10.0.0.1 10.0.0.2 4000", "200ms", "handshake_timeout")]
    [InlineData("", "200ms", "handshake_timeout")]
    public async Task Client_WithoutAHeader_NeverReachesTheService(string said, string limit, string reason)
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(
            service.Port, "--accept-proxy", "on", "--handshake-timeout", limit);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);

        await client.SendAsync(said);

        Assert.Equal("", await client.ReadUntilClosedAsync());
        await sidecar.EndsForAsync(reason);
        Assert.True(service.IsUntouched);
    }

    [Fact]
    public async Task Client_ThatIsNoProxyClient_IsNotBelieved()
    {
        using var service = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(
            service.Port, "--accept-proxy", "on", "--proxy-clients", "10.0.0.0/8");

        await SocketTalk.IsRefusedAsync(sidecar.Port);

        var record = await sidecar.EndsForAsync("destination_not_allowed");
        Assert.StartsWith("127.0.0.1:", record.Text("client"), StringComparison.Ordinal);
        Assert.True(service.IsUntouched);
    }
}
