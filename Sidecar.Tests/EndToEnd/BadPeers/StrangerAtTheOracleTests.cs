using Sidecar.Tests.Support;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>Somebody who reaches p2 and the Oracle alike, and asks what no sidecar would.</summary>
public sealed class StrangerAtTheOracleTests
{
    [Fact]
    public async Task P2_AskedForADeniedDestinationUnderAnIdThatP1WasAskedAbout_Refuses()
    {
        await using EchoServer open = new(), secret = new();
        await using var oracle = await RunningOracle.StartAsync($$"""
            deny
            rules:
              - {destination: "127.0.0.1:{{open.Port}}", transform: idt}
              - {destination: "127.0.0.1:{{secret.Port}}", deny: true}
            """);
        await using var p2 = await StartAsync(oracle);
        Assert.Equal("deny", await AskAsync(oracle, $"ask p1 evil out 127.0.0.1 {open.Port} 10.1.2.3 1"));
        Assert.Equal("fail evil", await GreetAsync(p2, $"bonjour evil 127.0.0.1 {secret.Port}"));
        Assert.Equal("ok good", await GreetAsync(p2, $"bonjour good 127.0.0.1 {open.Port}"));
        Assert.Equal("oracle_denied", (await p2.RecordAsync(r => r.Id == "evil")).Reason);
    }

    [Fact]
    public async Task P1_ThatNamesAnotherDestinationThanItGreetedP2With_IsDenied()
    {
        await using EchoServer one = new(), other = new();
        await using var oracle = await RunningOracle.StartAsync("not");
        await using var p2 = await StartAsync(oracle);
        using var honest = await SocketTalk.ConnectAsync(p2.Port);
        await honest.SendAsync($"bonjour a 127.0.0.1 {one.Port}\n");
        Assert.Equal("ok a", await honest.ReadLineAsync());
        Assert.Equal("ok not", await AskAsync(oracle, $"ask p1 a out 127.0.0.1 {one.Port} 10.1.2.3 1"));
        using var liar = await SocketTalk.ConnectAsync(p2.Port);
        await liar.SendAsync($"bonjour b 127.0.0.1 {one.Port}\n");
        Assert.Equal("ok b", await liar.ReadLineAsync());
        Assert.Equal("deny", await AskAsync(oracle, $"ask p1 b out 127.0.0.1 {other.Port} 10.1.2.3 1"));
    }

    [Theory]
    [InlineData("v1", "127.0.0.1")]
    [InlineData("v1x", "127.0.0.1")]
    [InlineData("v1x", "localhost")]
    [InlineData("v1x", "127.0.0.2")]
    [InlineData("v1x", "::1")]
    [InlineData("v1x", "::ffff:127.0.0.1")]
    public async Task P2_GreetedWithItsOwnOracle_NeverConnectsToIt(string dialect, string host)
    {
        await using var oracle = await RunningOracle.StartAsync("not");
        await using var p2 = await StartAsync(oracle, dialect);
        Assert.Equal("fail a", await GreetAsync(p2, $"bonjour a {host} {oracle.Port}"));
        var record = await p2.RecordAsync(r => r.Id == "a");
        Assert.Equal("destination_not_allowed", record.Reason);
        Assert.Contains("is the Oracle that this sidecar asks", record.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alone_AskedForItsOwnOracle_NeverConnectsToIt()
    {
        await using var oracle = await RunningOracle.StartAsync("not");
        await using var alone = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--mode", "socks4", "--oracle", $"localhost:{oracle.Port}"]);
        using var client = await SocketTalk.ConnectAsync(alone.Port);
        await client.SendAllAsync([4, 1, (byte)(oracle.Port >> 8), (byte)oracle.Port, 127, 0, 0, 1, 0]);
        Assert.Equal(91, (await client.ReadAsync(8))[1]);
        Assert.Equal("destination_not_allowed", (await alone.RecordAsync(r => r.Reason.Length > 0)).Reason);
    }

    private static Task<RunningSidecar> StartAsync(RunningOracle oracle, string dialect = "v1x") => RunningSidecar.StartAsync(
        ["--listen", "127.0.0.1:0", "--role", "p2", "--allow-destinations", "loopback", "--oracle", $"127.0.0.1:{oracle.Port}", "--oracle-dialect", dialect]);

    private static Task<string> AskAsync(RunningOracle oracle, string question) => TalkAsync(oracle.Port, question);

    private static Task<string> GreetAsync(RunningSidecar p2, string greeting) => TalkAsync(p2.Port, greeting);

    private static async Task<string> TalkAsync(int port, string line)
    {
        using var socket = await SocketTalk.ConnectAsync(port);
        await socket.SendAsync(line + "\n");
        return await socket.ReadLineAsync();
    }
}
