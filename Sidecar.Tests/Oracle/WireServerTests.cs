using System.Net;
using System.Net.Sockets;
using System.Text;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

[SystemTest]
public sealed class WireServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ask_WithoutAPolicy_IsNotForEveryoneAndTheConnectionEnds()
    {
        await using var oracle = await RunningOracle.StartAsync();
        Assert.Equal("ok not\n", await oracle.AskAsync("hello alone a 127.0.0.1 5\n"));
        Assert.Equal("ok not\n", await oracle.AskAsync("hello server b #(127 0 0 1) 5\r\n"));
        Assert.Equal("ok not\n", await oracle.AskAsync("hello client b ::1 5\n"));
        Assert.Equal("deny\n", await oracle.AskAsync("hello client c ::1 5\n"));
    }

    [Fact]
    public async Task Ask_Random_GivesThePairOneKeyAndAThirdADenial()
    {
        await using var oracle = await RunningOracle.StartAsync("default: random");
        var first = await oracle.AskAsync("hello p2 a 10.0.0.1 5\n");
        Assert.Matches("^ok xor [1-9][0-9]*\n$", first);
        Assert.Equal(first, await oracle.AskAsync("hello p1 a 10.0.0.2 6\n"));
        Assert.Equal("deny\n", await oracle.AskAsync("hello p1 a 10.0.0.2 6\n"));
        Assert.Equal("deny\n", await oracle.AskAsync("hello p2 a 10.0.0.1 5\n"));
    }

    [Fact]
    public async Task Ask_ByteByByte_IsAnswered()
    {
        await using var oracle = await RunningOracle.StartAsync();
        using var socket = await oracle.ConnectAsync();
        foreach (var one in "hello p2 a 127.0.0.1 5\r\n"u8.ToArray())
            await socket.SendAsync(new[] { one }, Cancellation);
        Assert.Equal("ok not\n", await RunningOracle.ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Ask_HalfClosedBehindTheQuestion_IsAnswered()
    {
        await using var oracle = await RunningOracle.StartAsync();
        using var socket = await oracle.ConnectAsync();
        await socket.SendAsync("hello p2 a 127.0.0.1 5\n"u8.ToArray(), Cancellation);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("ok not\n", await RunningOracle.ReadToEndAsync(socket));
    }

    [Theory]
    [InlineData("", "closed")]
    [InlineData("hello p1 a 127.0.0.1", "closed")]
    [InlineData("\n", "malformed")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "malformed")]
    [InlineData("hello p9 a 127.0.0.1 5\n", "malformed")]
    [InlineData("hello p1 a 127.0.0.1 5\0\n", "malformed")]
    [InlineData("\u00ff\u00fe\u0000\n", "malformed")]
    public async Task Ask_NoQuestion_GetsNoWordButTheEnd(string sent, string reason)
    {
        await using var oracle = await RunningOracle.StartAsync();
        using var socket = await oracle.ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(sent), Cancellation);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync($"oracle_questions_total{{role=\"none\",result=\"{reason}\"}} 1");
        var record = Assert.Single(await oracle.AuditAsync());
        Assert.Equal(("deny", reason), (record.GetProperty("answer").GetString(), record.GetProperty("reason").GetString()));
        Assert.StartsWith("127.0.0.1:", record.GetProperty("asker").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(513)]
    [InlineData(1_000_000)]
    public async Task Ask_OverlongLine_IsCutOffBeforeItsEnd(int length)
    {
        await using var oracle = await RunningOracle.StartAsync();
        using var socket = await oracle.ConnectAsync();
        var sending = SendAsync(socket, Enumerable.Repeat((byte)'x', length + 1).ToArray());
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync("oracle_questions_total{role=\"none\",result=\"too_long\"} 1");
        await sending;

        static async Task SendAsync(Socket socket, byte[] bytes)
        {
            try
            {
                await socket.SendAsync(bytes, Cancellation);
            }
            catch (SocketException)
            {
                // The Oracle closed before it had all of it, as it must.
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello p1 a")]
    public async Task Ask_SilentClient_IsCutOffAfterThreeSeconds(string sent)
    {
        var time = new ManualTimeProvider();
        await using var oracle = await RunningOracle.StartAsync(time: time);
        var before = time.ActiveTimers;
        using var socket = await oracle.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(sent), Cancellation);
        await Eventually.TrueAsync(() => time.ActiveTimers == before + 1);
        time.Advance(WireLine.Wait - TimeSpan.FromTicks(1));
        Assert.Equal(before + 1, time.ActiveTimers);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync("oracle_questions_total{role=\"none\",result=\"timeout\"} 1");
        await oracle.MetricAsync("oracle_connections_active 0");
    }

    [Fact]
    public async Task Ask_ManyAtOnce_GivesEachPairItsOneKey()
    {
        await using var oracle = await RunningOracle.StartAsync("default: random");
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            var first = await oracle.AskAsync($"hello p2 id{i} 10.0.0.1 5\n");
            Assert.Equal(first, await oracle.AskAsync($"hello p1 id{i} 10.0.0.1 5\n"));
            return first;
        }));
        Assert.True(answers.Distinct().Count() > 50);
        await oracle.MetricAsync("oracle_questions_total{role=\"outbound\",result=\"granted\"} 200");
        await oracle.MetricAsync("oracle_decisions_pending 0");
        Assert.Equal(400, (await oracle.AuditAsync()).Count);
    }

    [Fact]
    public async Task Connect_BeyondTheLimit_TakesThePlaceOfTheLongestIdle()
    {
        await using var oracle = await RunningOracle.StartAsync(time: new ManualTimeProvider(), change: o => o with { MaxConnections = 2 });
        using var one = await oracle.ConnectAsync();
        await oracle.MetricAsync("oracle_connections_active 1");
        using var two = await oracle.ConnectAsync();
        await oracle.MetricAsync("oracle_connections_active 2");
        Assert.Equal("ok not\n", await oracle.AskAsync("hello p2 a 127.0.0.1 5\n"));
        Assert.Equal("", await RunningOracle.ReadToEndAsync(one));
        await oracle.MetricAsync("oracle_connections_displaced_total 1");
        await oracle.MetricAsync("oracle_questions_total{role=\"none\",result=\"displaced\"} 1");
        await oracle.MetricAsync("oracle_connections_active 1");
        await two.SendAsync("hello p1 a 127.0.0.1 5\n"u8.ToArray(), Cancellation);
        Assert.Equal("ok not\n", await RunningOracle.ReadToEndAsync(two));
        Assert.Equal("displaced", Assert.Single(await oracle.AuditAsync(), line => line.GetProperty("answer").GetString() == "deny").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Connect_InAHouseFullOfOneAskersIdleOnes_IsAnsweredToEveryAddress()
    {
        await using var oracle = await RunningOracle.StartAsync(change: o => o with { MaxConnections = 50 });
        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < 120; i++)
            {
                idle.Add(await oracle.ConnectAsync());
                Assert.Equal("ok not", await RunningOracle.AskAsync(idle[^1], $"ask p2 x{i} l - 0 10.1.1.1 1\n"));
            }

            for (var i = 0; i < 20; i++)
            {
                using var other = await oracle.ConnectAsync(IPAddress.Parse($"127.0.0.{2 + i}"));
                Assert.Equal("ok not", await RunningOracle.AskAsync(other, $"hello p2 legit{i} 10.0.0.1 5\n"));
            }

            Assert.Equal("ok not\n", await oracle.AskAsync("hello p2 same 10.0.0.1 5\n"));
            // The newest of the crowd are still there.
            Assert.Equal("ok not", await RunningOracle.AskAsync(idle[^1], "ask p2 last l - 0 10.1.1.1 1\n"));
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Ask_AboutMoreInventedIdsThanAreRemembered_SilencesNobodyElse()
    {
        await using var oracle = await RunningOracle.StartAsync(change: o => o with { MaxDecisions = 100 });
        using var stranger = await oracle.ConnectAsync();
        for (var i = 0; i < 200; i++)
            Assert.Equal(i < 50 ? "ok not" : "deny", await RunningOracle.AskAsync(stranger, $"ask p2 x{i} l - 0 10.1.1.1 1\n"));
        using var other = await oracle.ConnectAsync(IPAddress.Parse("127.0.0.2"));
        Assert.Equal("ok not", await RunningOracle.AskAsync(other, "ask p2 legit l - 0 10.1.1.1 1\n"));
        Assert.Equal("ok not\n", await oracle.AskAsync("hello p1 legit 10.0.0.1 5\n"));
        await oracle.MetricAsync("oracle_decisions_remembered 51");
        await oracle.MetricAsync("oracle_questions_total{role=\"inbound\",result=\"memory_full\"} 150");
    }

    [Fact]
    public async Task Ask_AsP1FirstThenAsP2WithADeniedDestination_GetsNothing()
    {
        await using var oracle = await RunningOracle.StartAsync("""
            rules:
              - {name: friends, peer: 10.0.0.0/8, destination: "127.0.0.1:24011", transform: idt}
              - {name: secret, destination: "127.0.0.1:24012", deny: true}
            """);
        Assert.Equal("deny", await FirstLineAsync("ask p1 evil out 127.0.0.1 24011 10.1.2.3 1\n"));
        Assert.Equal("deny", await FirstLineAsync("ask p2 evil in 127.0.0.1 24012 127.0.0.1 5 greeted\n"));
        var reasons = (await oracle.AuditAsync()).Select(line => line.GetProperty("reason").GetString()).ToList();
        Assert.Equal(["unknown_connection", "policy"], reasons);

        async Task<string> FirstLineAsync(string line)
        {
            using var socket = await oracle.ConnectAsync();
            return await RunningOracle.AskAsync(socket, line);
        }
    }

    [Fact]
    public async Task Ask_RandomBytes_NeverHurtTheNextQuestion()
    {
        const int seed = 20260104;
        var random = new Random(seed);
        await using var oracle = await RunningOracle.StartAsync();
        for (var round = 0; round < 100; round++)
        {
            var bytes = new byte[random.Next(1, 700)];
            random.NextBytes(bytes);
            using var socket = await oracle.ConnectAsync();
            await socket.SendAsync(bytes, Cancellation);
            // Half of the clients end by a reset, half by an ordinary close.
            if (random.Next(2) == 0)
                socket.LingerState = new LingerOption(true, 0);
        }

        Assert.Equal("ok not\n", await oracle.AskAsync($"hello p2 seed{seed} 127.0.0.1 5\n"));
        await oracle.MetricAsync("oracle_connections_active 0");
    }

    [Fact]
    public async Task Stop_WithSilentClients_DoesNotWaitForThem()
    {
        var oracle = await RunningOracle.StartAsync(time: new ManualTimeProvider());
        await using var disposal = oracle;
        using var socket = await oracle.ConnectAsync();
        await oracle.MetricAsync("oracle_connections_active 1");
        // The clock stands still: only the stop itself can end the wait.
        var record = Assert.Single(await oracle.AuditAsync());
        Assert.Equal("draining", record.GetProperty("reason").GetString());
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
    }
}
