using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.EndToEnd.Load;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Authorization.Pools;

/// <summary>What p1, p2 and alone ask in dialect v1x, and many questions at once.</summary>
[Collection(HeavyLoad.Name)]
public sealed class KeptPairTests
{
    private const int Many = 200;

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Pair_WithManyConnectionsAtOnce_GetsEachItsOwnAnswer(string transport)
    {
        await using var echo = new EchoServer();
        // Both sides of a connection ask with the same id: an answer that went to another's question would garble its bytes.
        await using var oracle = new AnsweringOracle(question => $"ok {TransformOf(question.Split(' ')[2])}");
        string[] options = ["--oracle", $"127.0.0.1:{oracle.Port}", "--oracle-dialect", "v1x", "--transport", transport];
        await using var p2 = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--role", "p2", "--target", $"127.0.0.1:{echo.Port}", .. options]);
        await using var p1 = await RunningSidecar.StartAsync(["--listen", "127.0.0.1:0", "--role", "p1", "--target", $"127.0.0.1:{p2.Port}", .. options]);

        await Task.WhenAll(Enumerable.Range(0, Many).Select(number => EchoAsync(p1.Port, number)));
        var afterMany = oracle.Connections;
        for (var number = 0; number < 20; number++)
            await EchoAsync(p1.Port, number);

        await Eventually.TrueAsync(() => p1.Records.Count == Many + 20 && p2.Records.Count == Many + 20);
        foreach (var record in p1.Records.Concat(p2.Records))
            Assert.Equal(("completed", TransformOf(record.Id)), (record.Reason, record.Text("transform")));
        Assert.Equal(2 * (Many + 20), oracle.Questions);
        // And one of each sidecar that only asks whether the Oracle can be reached.
        Assert.InRange(afterMany, 2, 2 * (Many + 1));
        // One after another they find those kept of the crowd, but on which loop each comes is chance.
        Assert.InRange(oracle.Connections - afterMany, 0, 2 * Environment.ProcessorCount);
        Assert.InRange(p1.KeptOracleConnections, 1, 64);
        await p1.StopAsync();
        await p2.StopAsync();
        await p1.NoSocketIsOpenAsync();
        await p2.NoSocketIsOpenAsync();
    }

    [Theory]
    [InlineData("p1", "--target|127.0.0.1:{0}", "- 0")]
    [InlineData("p1", "--target|127.0.0.1:{0}|--mode|socks4", "service.test 80")]
    [InlineData("p2", "--target|127.0.0.1:{0}", "127.0.0.1 {0}")]
    [InlineData("p2", "--allow-destinations|loopback", "127.0.0.1 {0}", " greeted")]
    // Its own target stands above what the greeting says.
    [InlineData("p2", "--target|127.0.0.1:{0}|--allow-destinations|10.0.0.0/8", "127.0.0.1 {0}")]
    [InlineData("alone", "--target|127.0.0.1:{0}", "127.0.0.1 {0}")]
    public async Task Question_OfEachRole_TellsTheDestinationItKnows(string role, string options, string destination, string end = "")
    {
        using var upstream = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await RunningSidecar.StartAsync(
        [
            "--listen", "127.0.0.1:0", "--role", role, "--oracle", $"127.0.0.1:{oracle.Port}", "--oracle-dialect", "v1x",
            .. string.Format(options, upstream.Port).Split('|'),
        ]);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var id = "abc";
        if (destination.StartsWith("service", StringComparison.Ordinal))
            await client.SendAllAsync([4, 1, 0, 80, 0, 0, 0, 1, 0, .. "service.test\0"u8]);
        if (role == "p1")
        {
            var p2 = await upstream.AcceptAsync();
            id = (await p2.ReadLineAsync()).Split(' ')[1];
            await p2.SendAsync($"ok {id}\n");
        }
        else if (role == "p2")
        {
            await client.SendAsync(options == "--target|127.0.0.1:{0}" ? "bonjour abc\n" : $"bonjour abc 127.0.0.1 {upstream.Port}\n");
        }
        else
        {
            id = "[a-z2-7]{16}";
        }

        using var asked = await oracle.AcceptAsync();
        var listener = role switch { "p1" => "outbound", "p2" => "inbound", _ => role };
        var from = $"127[.]0[.]0[.]1 {((System.Net.IPEndPoint)client.LocalEndPoint!).Port}";
        Assert.Matches($"^ask {role} {id} {listener} {string.Format(destination, upstream.Port)} {from}{end}$", await asked.ReadLineAsync());
    }

    private static async Task EchoAsync(int port, int number)
    {
        var said = Encoding.ASCII.GetBytes($"connection {number} says so");
        using var client = await SocketTalk.ConnectAsync(port);
        await client.SendAllAsync(said);
        client.Finish();
        Assert.Equal(said, await client.ReadToEndAsync());
    }

    private static string TransformOf(string id) => $"(chain (xor {1 + (id.Sum(c => c) % 200)}) (rotl {1 + (id[0] % 7)}))";
}
