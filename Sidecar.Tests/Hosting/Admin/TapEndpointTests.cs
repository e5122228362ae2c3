using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Hosting.Admin;

public sealed class TapEndpointTests
{
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Get_WhileBytesPass_ShowsEachChunkBeforeAndAfterTheTransform(string transport)
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--transform", "(xor 42)", "--transport", transport);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        await client.SendAsync("unseen");
        await served.ReadAsync(6);
        var id = await IdAsync(sidecar);

        using var tap = await sidecar.Admin.OpenAsync($"/connections/{id}/tap");
        Assert.Equal($"tap of {id}: the first 16 bytes of each chunk, for at most 600 s", await LineAsync(tap));
        Assert.Equal($"alone: alone, client {client.LocalEndPoint}, upstream 127.0.0.1:{upstream.Port}, (xor 42)", await LineAsync(tap));

        await client.SendAsync("hello");
        Assert.Equal("BOFFE", await served.ReadTextAsync(5));
        Assert.Equal("", await LineAsync(tap));
        Assert.Matches(@"^\+\d+\.\d{3} s alone, client to upstream, offset 6, 5 bytes$", await LineAsync(tap));
        Assert.Equal("  before  68 65 6c 6c 6f                                   hello", await LineAsync(tap));
        Assert.Equal("  after   42 4f 46 46 45                                   BOFFE", await LineAsync(tap));

        await served.SendAllAsync([.. Enumerable.Range(0, 20).Select(i => (byte)i)]);
        await client.ReadAsync(20);
        Assert.Equal("", await LineAsync(tap));
        Assert.Matches(@"^\+\d+\.\d{3} s alone, upstream to client, offset 0, 20 bytes$", await LineAsync(tap));
        Assert.Equal("  before  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................", await LineAsync(tap));
        Assert.Equal("  after   2a 2b 28 29 2e 2f 2c 2d 22 23 20 21 26 27 24 25  *+()./,-\"# !&'$%", await LineAsync(tap));

        client.Finish();
        served.Finish();
        Assert.Equal("\nended: completed\n", await RestAsync(tap));
        Assert.Equal(6 + 5, (await sidecar.EndsForAsync("completed")).Number("downstream_received"));
    }

    [Fact]
    public async Task Get_WithBytesAndSeconds_ShowsThatManyForSoLongAndLeavesTheConnection()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();

        using var tap = await sidecar.Admin.OpenAsync($"/connections/{await IdAsync(sidecar)}/tap?bytes=20&seconds=1");
        await LineAsync(tap);
        await LineAsync(tap);
        await client.SendAsync("0123456789abcdefghijklmnop");
        await served.ReadAsync(26);

        var shown = (await RestAsync(tap)).Split('\n')[2..];
        Assert.Equal(
            [
                "  before  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef",
                "          67 68 69 6a                                      ghij",
                "  after   30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef",
                "          67 68 69 6a                                      ghij",
                "", "ended: 1 s are over", "",
            ],
            shown);
        await client.SendAsync("it goes on");
        Assert.Equal("it goes on", await served.ReadTextAsync(10));
    }

    [Fact]
    public async Task Get_OfAPairInOneProcess_ShowsBothByTheirListeners()
    {
        using var upstream = new LoopbackListener();
        using var folder = new TempFolder();
        await using var p2 = await RunningSidecar.StartAsync("--config", folder.Write("p2.yaml", $$"""
            listeners:
              - {name: in, listen: "127.0.0.1:0", role: p2, target: "127.0.0.1:{{upstream.Port}}", transform: not}
              - {name: again, listen: "127.0.0.1:0", role: p2, target: "127.0.0.1:{{upstream.Port}}", transform: idt}
            """));
        using var first = await GreetAsync(p2.Ports[0], "one/name");
        using var firstServed = await upstream.AcceptAsync();
        using var second = await GreetAsync(p2.Ports[1], "one/name");
        using var secondServed = await upstream.AcceptAsync();
        using var third = await GreetAsync(p2.Ports[0], "one/name");
        using var thirdServed = await upstream.AcceptAsync();
        while ((await p2.Admin.ConnectionsAsync()).Count(c => c.GetProperty("state").GetString() == "relaying") < 3)
            await Task.Delay(5, TestContext.Current.CancellationToken);

        using var tap = await p2.Admin.OpenAsync("/connections/one%2Fname/tap");
        await LineAsync(tap);
        Assert.Equal(["in: inbound", "again: inbound", "in #2: inbound"], [await LabelAsync(tap), await LabelAsync(tap), await LabelAsync(tap)]);
        await second.SendAsync("a");
        await secondServed.ReadAsync(1);
        Assert.EndsWith(" s again, client to upstream, offset 0, 1 byte", await ChunkAsync(tap), StringComparison.Ordinal);
        await thirdServed.SendAsync("a");
        await third.ReadAsync(1);
        Assert.EndsWith(" s in #2, upstream to client, offset 0, 1 byte", await ChunkAsync(tap), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, await p2.Admin.StatusAsync("DELETE", "/connections/one%2Fname"));
        Assert.EndsWith("\nended: admin_closed, admin_closed, admin_closed\n", await RestAsync(tap), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_BeforeTheRelay_IsAConflictThatNamesTheState()
    {
        using var upstream = new LoopbackListener();
        using var oracle = new PlayedOracle();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port, "--oracle", $"127.0.0.1:{oracle.Port}", "--handshake-timeout", "1m");
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var asked = await oracle.AcceptAsync();
        var id = (await sidecar.Admin.ConnectionInAsync("handshake")).GetProperty("id").GetString();

        using var response = await sidecar.Admin.SendAsync("GET", $"/connections/{id}/tap");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("handshake", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_BeyondSixteen_IsRefusedUntilOneLeaves()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        var path = $"/connections/{await IdAsync(sidecar)}/tap";
        var taps = new List<StreamReader>();
        for (var i = 0; i < 16; i++)
        {
            taps.Add(await sidecar.Admin.OpenAsync(path));
            await LineAsync(taps[i]);
            await LineAsync(taps[i]);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await sidecar.Admin.StatusAsync("GET", path));
        await client.SendAsync("for all");
        await served.ReadAsync(7);
        foreach (var tap in taps)
            Assert.EndsWith(" offset 0, 7 bytes", await ChunkAsync(tap), StringComparison.Ordinal);

        taps[7].Dispose();
        for (var left = 2000; await sidecar.Admin.StatusAsync("GET", path + "?seconds=1") != HttpStatusCode.OK; left--)
        {
            Assert.True(left > 0, "a place becomes free");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        taps.ForEach(tap => tap.Dispose());
    }

    [Fact]
    public async Task Get_ByAReaderWhoTakesNothing_NeverSlowsTheRelayAndCountsWhatItMisses()
    {
        await using var echo = new EchoServer();
        await using var sidecar = await RunningSidecar.AloneAsync(echo.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        var id = await IdAsync(sidecar);
        using var reader = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await reader.ConnectAsync(IPAddress.Loopback, sidecar.Admin.Port, TestContext.Current.CancellationToken);
        await reader.SendAsync($"GET /connections/{id}/tap?bytes=256 HTTP/1.0\r\n\r\n");
        await Eventually.TrueAsync(() => reader.Available > 100);

        // What the kernel and the server hold between them are some 5 MB of text, of 2.5 KB for each chunk.
        var chunk = new byte[256];
        for (var i = 0; i < 4000; i++)
        {
            await client.SendAllAsync(chunk);
            Assert.Equal(chunk.Length, (await client.ReadAsync(chunk.Length)).Length);
        }

        client.Finish();
        Assert.Empty(await client.ReadToEndAsync());
        var lines = Encoding.UTF8.GetString(await reader.ReadToEndAsync()).Split('\n');
        Assert.Equal("ended: completed", lines[^2]);
        var skipped = lines.Where(line => line.EndsWith(" not shown", StringComparison.Ordinal)).Sum(line => int.Parse(line.Split(' ')[1]));
        var shown = lines.Count(line => line.Contains(", offset ", StringComparison.Ordinal));
        Assert.InRange(skipped, 1, 8000);
        // The echo may come in several chunks, or two of them in one.
        Assert.InRange(shown + skipped, 7900, 8100);
    }

    [Fact]
    public async Task Stop_WithATapOpen_EndsItWithItsConnection()
    {
        using var upstream = new LoopbackListener();
        await using var sidecar = await RunningSidecar.AloneAsync(upstream.Port);
        using var client = await SocketTalk.ConnectAsync(sidecar.Port);
        using var served = await upstream.AcceptAsync();
        using var tap = await sidecar.Admin.OpenAsync($"/connections/{await IdAsync(sidecar)}/tap");
        await LineAsync(tap);
        await LineAsync(tap);

        await sidecar.StopAsync();

        Assert.Equal("\nended: draining\n", await RestAsync(tap));
    }

    private static async Task<string> IdAsync(RunningSidecar sidecar) => (await sidecar.Admin.ConnectionInAsync("relaying")).GetProperty("id").GetString()!;

    private static async Task<Socket> GreetAsync(int port, string id)
    {
        var socket = await SocketTalk.ConnectAsync(port);
        await socket.SendAsync($"bonjour {id}\n");
        Assert.Equal($"ok {id}", await socket.ReadLineAsync());
        return socket;
    }

    private static async Task<string> LineAsync(StreamReader tap) =>
        await tap.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit) ?? throw new EndOfStreamException();

    private static Task<string> RestAsync(StreamReader tap) => tap.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(SocketTalk.Limit);

    private static async Task<string> LabelAsync(StreamReader tap) => (await LineAsync(tap)).Split(", client")[0];

    // The line that heads a chunk; its blank line and its bytes are passed over.
    private static async Task<string> ChunkAsync(StreamReader tap)
    {
        Assert.Equal("", await LineAsync(tap));
        var head = await LineAsync(tap);
        await LineAsync(tap);
        await LineAsync(tap);
        return head;
    }
}
