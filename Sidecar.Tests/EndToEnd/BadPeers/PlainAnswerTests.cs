using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>A p1 that asks the Oracle before it greets. The service is told nothing before the answer, and nothing but an answer makes it plain.</summary>
public sealed class PlainAnswerTests
{
    private const string Before = "^ask p1 [!-~]+ outbound 127[.]0[.]0[.]1 [0-9]+ 127[.]0[.]0[.]1 [0-9]+ plain[?]$";
    private const string After = "^ask p1 [!-~]+ outbound 127[.]0[.]0[.]1 [0-9]+ 127[.]0[.]0[.]1 [0-9]+$";

    private readonly ConcurrentQueue<string> _questions = [];

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Plain_ConnectsWithoutAGreeting(string transport)
    {
        await using var oracle = Answering(_ => "plain");
        await using var service = new EchoServer();
        await using var p1 = await StartAsync(oracle.Port, "--transport", transport);

        for (var i = 0; i < 3; i++)
            Assert.Equal("hello", await EchoAsync(p1.Port, service.Port));

        await Eventually.TrueAsync(() => p1.Records.Count == 3);
        Assert.All(p1.Records, record => Assert.Equal(("completed", "plain", "idt"), (record.Reason, record.Text("session"), record.Text("transform"))));
        Assert.Equal(3, _questions.Count);
        Assert.All(_questions, question => Assert.Matches(Before, question));
        Assert.Equal(3, (await p1.ScrapeAsync()).Sum("sidecar_peer_decisions_total", "mode=\"peer\"", "result=\"plain\""));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Peer_GreetsAndAsksForTheTransform(string transport)
    {
        await using var oracle = Answering(question => question.EndsWith("plain?", StringComparison.Ordinal) ? "peer" : "ok xor 3");
        using var listener = new LoopbackListener();
        await using var p1 = await StartAsync(oracle.Port, "--transport", transport);
        using var client = await RequestAsync(p1.Port, listener.Port);
        using var p2 = await listener.AcceptAsync();
        var greeting = await p2.ReadLineAsync();
        Assert.Matches("^bonjour [!-~]{1,16}$", greeting);
        Assert.Matches(Before, Assert.Single(_questions));

        await p2.SendAsync($"ok {greeting.Split(' ')[1]}\n");

        Assert.Equal(90, (await client.ReadAsync(8))[1]);
        await client.SendAsync("a");
        Assert.Equal("b", await p2.ReadTextAsync(1));
        Assert.Matches(After, _questions.ToArray()[1]);
        Assert.Equal(_questions.First().Split(' ')[2], _questions.Last().Split(' ')[2]);
    }

    [Theory]
    [InlineData("deny", "oracle_denied")]
    [InlineData("<close>", "oracle_denied")]
    [InlineData("ok idt", "protocol_error")]
    [InlineData("ok xor 3", "protocol_error")]
    [InlineData("plain ", "protocol_error")]
    [InlineData("PLAIN", "protocol_error")]
    [InlineData("plain?", "protocol_error")]
    [InlineData("\0", "protocol_error")]
    public async Task Answer_ThatIsNeither_EndsTheConnection(string answer, string reason)
    {
        using var oracle = new PlayedOracle();
        using var listener = new LoopbackListener();
        await using var p1 = await StartAsync(oracle.Port);
        using var client = await RequestAsync(p1.Port, listener.Port);
        using var asked = await oracle.AcceptAsync();
        Assert.Matches(Before, await asked.ReadLineAsync());

        if (answer == "<close>")
            asked.Finish();
        else
            await asked.SendAsync(answer + "\n");

        await RefusedAsync(client, listener);
        Assert.Equal(reason, (await p1.RecordAsync()).Reason);
    }

    [Fact]
    public async Task Answer_ThatDoesNotCome_EndsAtTheHandshakeLimit()
    {
        using var oracle = new PlayedOracle();
        using var listener = new LoopbackListener();
        await using var p1 = await StartAsync(oracle.Port, "--handshake-timeout", OracleWay.LongHandshake);
        using var client = await RequestAsync(p1.Port, listener.Port);
        using var asked = await oracle.AcceptAsync();

        await RefusedAsync(client, listener);

        var record = await p1.RecordAsync();
        Assert.Equal("oracle_timeout", record.Reason);
        Assert.True(record.DurationMs >= OracleWay.LeastLongMs, $"{record}");
    }

    [Fact]
    public async Task Plain_WhereThePeerHasAnAddressOfItsOwn_GoesToTheDestinationItself()
    {
        await using var oracle = Answering(_ => "plain");
        await using var service = new EchoServer();
        using var p2 = new LoopbackListener();
        await using var p1 = await StartAsync(oracle.Port, "--target", $"127.0.0.1:{p2.Port}");

        Assert.Equal("hello", await EchoAsync(p1.Port, service.Port));

        Assert.True(p2.IsUntouched);
        Assert.Equal($"127.0.0.1:{service.Port}", (await p1.RecordAsync()).Text("upstream"));
    }

    [Fact]
    public async Task Plain_ToTheOracleItself_IsNotAllowed()
    {
        await using var oracle = Answering(_ => "plain");
        await using var p1 = await StartAsync(oracle.Port);

        Assert.Null(await EchoAsync(p1.Port, oracle.Port));

        Assert.Equal("destination_not_allowed", (await p1.RecordAsync()).Reason);
    }

    [Fact]
    public async Task Routes_OfTheConfiguration_ComeFirst()
    {
        await using var oracle = Answering(_ => "plain");
        await using EchoServer plain = new(), unnamed = new(), peer = new();
        using var folder = new TempFolder();
        var config = folder.Write("sidecar.yaml", $$"""
            listeners:
              - listen: 127.0.0.1:0
                role: outbound
                mode: socks4
                routes:
                  - {destination: "127.0.0.1:{{plain.Port}}", action: plain}
                  - {destination: "127.0.0.1:1", action: deny}
                  - {destination: "127.0.0.1:{{peer.Port}}", action: peer}
            oracle: {address: "127.0.0.1:{{oracle.Port}}", dialect: v1x, plain: on}
            """);
        await using var p1 = await RunningSidecar.StartAsync("--config", config);

        Assert.Equal("hello", await EchoAsync(p1.Port, plain.Port));
        Assert.Equal("hello", await EchoAsync(p1.Port, unnamed.Port));
        Assert.Null(await EchoAsync(p1.Port, 1));
        Assert.Empty(_questions);

        Assert.Equal("hello", await EchoAsync(p1.Port, peer.Port));
        Assert.Single(_questions);
        var metrics = await p1.ScrapeAsync();
        Assert.Equal(2, metrics.Sum("sidecar_peer_decisions_total", "mode=\"plain\"", "result=\"plain\""));
        Assert.Equal(1, metrics.Sum("sidecar_peer_decisions_total", "mode=\"peer\"", "result=\"plain\""));
    }

    private AnsweringOracle Answering(Func<string, string> answer) => new(question =>
    {
        _questions.Enqueue(question);
        return answer(question);
    });

    private static Task<RunningSidecar> StartAsync(int oracle, params string[] options) => RunningSidecar.StartAsync(
        ["--listen", "127.0.0.1:0", "--role", "p1", "--mode", "socks4", "--oracle", $"127.0.0.1:{oracle}", "--oracle-dialect", "v1x", "--oracle-plain", "on", .. options]);

    private static async Task<Socket> RequestAsync(int proxy, int port)
    {
        var client = await SocketTalk.ConnectAsync(proxy);
        await client.SendAllAsync([4, 1, (byte)(port >> 8), (byte)port, 127, 0, 0, 1, 0]);
        return client;
    }

    // Null when the request is rejected.
    private static async Task<string?> EchoAsync(int proxy, int port)
    {
        using var client = await RequestAsync(proxy, port);
        if ((await client.ReadAsync(8))[1] != 90)
            return null;
        await client.SendAsync("hello");
        client.Finish();
        return Encoding.ASCII.GetString(await client.ReadToEndAsync());
    }

    // The client is rejected; the service, if it was reached at all, has got no byte.
    private static async Task RefusedAsync(Socket client, LoopbackListener service)
    {
        Assert.Equal(91, (await client.ReadAsync(8))[1]);
        if (!service.IsUntouched)
        {
            using var socket = await service.AcceptAsync();
            Assert.Equal("", await socket.ReadUntilClosedAsync());
        }
    }
}
