using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Protocols;

/// <summary>A pair and the real Oracle in dialect v1x: a transform for each destination, agreed on over kept connections.</summary>
public sealed class DialectTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Pair_WithAPolicyByDestination_AgreesOnEachTransform(string transport)
    {
        await using EchoServer one = new(), two = new(), three = new();
        var table = string.Concat(Enumerable.Range(0, 256).Select(value => $"{255 - ((value + 9) & 255):x2}"));
        await using var oracle = await RunningOracle.StartAsync($$"""
            deny
            transforms: {scramble: (chain (xor 42) (rotl 3))}
            rules:
              - {destination: "127.0.0.1:{{one.Port}}", transform: scramble}
              - {destination: "127.0.0.1:{{two.Port}}", listener: [outbound, inbound], transform: '(table "{{table}}")'}
            """);
        string[] options = ["--oracle", $"127.0.0.1:{oracle.Port}", "--oracle-dialect", "v1x", "--transport", transport];
        await using var p2 = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--role", "p2", "--allow-destinations", "loopback", .. options]);
        await using var p1 = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--role", "p1", "--mode", "socks4", "--target", $"127.0.0.1:{p2.Port}", .. options]);
        for (var count = 0; count < 10; count++)
        {
            Assert.Equal("hello", await EchoAsync(p1.Port, one.Port));
            Assert.Equal("hello", await EchoAsync(p1.Port, two.Port));
        }

        Assert.Null(await EchoAsync(p1.Port, three.Port));

        await Eventually.TrueAsync(() => p1.Records.Count == 21 && p2.Records.Count == 21);
        foreach (var record in p1.Records.Concat(p2.Records).Where(r => r.Text("destination") != $"127.0.0.1:{three.Port}"))
        {
            var transform = record.Text("destination") == $"127.0.0.1:{one.Port}" ? "(chain (xor 42) (rotl 3))" : $"(table \"{table}\")";
            Assert.Equal(("completed", transform), (record.Reason, record.Text("transform")));
        }

        Assert.Equal("oracle_denied", (await p2.RecordAsync(r => r.Reason != "completed")).Reason);
        Assert.Equal("peer_refused", (await p1.RecordAsync(r => r.Reason != "completed")).Reason);
        Assert.InRange(p1.KeptOracleConnections, 1, Environment.ProcessorCount);
        Assert.InRange(p2.KeptOracleConnections, 1, Environment.ProcessorCount);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Pair_WithAPlainDestination_GreetsForTheOthersAlone(string transport)
    {
        await using EchoServer plain = new(), other = new();
        await using var oracle = await RunningOracle.StartAsync($$"""
            (xor 42)
            rules: [{destination: "127.0.0.1:{{plain.Port}}", plain: true}]
            """);
        string[] options = ["--oracle", $"127.0.0.1:{oracle.Port}", "--oracle-dialect", "v1x", "--transport", transport];
        await using var p2 = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--role", "p2", "--allow-destinations", "loopback", .. options]);
        await using var p1 = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--role", "p1", "--mode", "socks4", "--target", $"127.0.0.1:{p2.Port}", "--oracle-plain", "on", .. options]);
        // One that does not ask is a pair's as ever.
        await using var greeting = await RunningSidecar.StartAsync(
            ["--listen", "127.0.0.1:0", "--role", "p1", "--mode", "socks4", "--target", $"127.0.0.1:{p2.Port}", .. options]);

        Assert.Equal("hello", await EchoAsync(p1.Port, plain.Port));
        Assert.Equal("hello", await EchoAsync(p1.Port, other.Port));
        Assert.Equal("hello", await EchoAsync(greeting.Port, plain.Port));

        await Eventually.TrueAsync(() => p1.Records.Count == 2 && greeting.Records.Count == 1 && p2.Records.Count == 2);
        Assert.Equal(
            [("plain", "idt", $"127.0.0.1:{plain.Port}"), ("greeted", "(xor 42)", $"127.0.0.1:{p2.Port}"), ("greeted", "(xor 42)", $"127.0.0.1:{p2.Port}")],
            p1.Records.Concat(greeting.Records).Select(record => (record.Text("session"), record.Text("transform"), record.Text("upstream"))));
    }

    // Null when the request is rejected.
    private static async Task<string?> EchoAsync(int proxy, int port)
    {
        using var client = await SocketTalk.ConnectAsync(proxy);
        await client.SendAllAsync([4, 1, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0]);
        var reply = await client.ReadAsync(8);
        if (reply[1] != 90)
            return null;
        await client.SendAsync("hello");
        client.Finish();
        return System.Text.Encoding.ASCII.GetString(await client.ReadToEndAsync());
    }
}
