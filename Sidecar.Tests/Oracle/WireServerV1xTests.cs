using System.Net.Sockets;
using System.Text;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>Dialect v1x over real sockets.</summary>
[SystemTest]
public sealed class WireServerV1xTests
{
    private const string Ask = "ask alone a in h 80 10.0.0.1 5\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ask_ManyOnOneConnection_AreAnsweredByTheirRoutesAndAudited()
    {
        await using var oracle = await RunningOracle.StartAsync("""
            transforms: {scramble: (chain (xor 42) (rotl 3))}
            rules:
              - {listener: [web, out], destination: "*.example.org:443", transform: scramble}
              - {destination: "[fd00::/8]:80", transform: xor 9}
            """, new ManualTimeProvider());
        using var socket = await oracle.ConnectAsync();
        Assert.Equal("ok (chain (xor 42) (rotl 3))", await RunningOracle.AskAsync(socket, "ask p2 a web www.example.org 443 10.0.0.1 5\n"));
        Assert.Equal("ok (chain (xor 42) (rotl 3))", await RunningOracle.AskAsync(socket, "ask p1 a out - 0 #(10 0 0 2) 6\r\n"));
        Assert.Equal("ok (xor 9)", await RunningOracle.AskAsync(socket, "ask p2 b in fd00::1 80 10.0.0.1 5\n"));
        Assert.Equal("deny", await RunningOracle.AskAsync(socket, "ask p2 c in - 0 10.0.0.1 5\n"));
        // Pairs may ask in both dialects, on connections of their own.
        Assert.Equal("ok xor 9\n", await oracle.AskAsync("hello p1 b 10.0.0.1 5\n"));
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync("oracle_questions_total{role=\"inbound\",result=\"granted\"} 2");
        await oracle.MetricAsync("oracle_questions_total{role=\"outbound\",result=\"granted\"} 2");
        await oracle.MetricAsync("oracle_questions_total{role=\"inbound\",result=\"policy\"} 1");
        await oracle.MetricAsync("oracle_answer_seconds_count 5");
        await oracle.MetricAsync("oracle_connections_total 2");
        var lines = (await oracle.AuditAsync()).Select(line => line.ToString()).ToList();
        Assert.Equal(5, lines.Count);
        Assert.StartsWith("""{"time":"2026-01-02T03:04:05.678Z","conn_id":"a","role":"inbound","listener":"web","destination":"www.example.org:443","peer_ip":"10.0.0.1","peer_port":5,"asker":"127""", lines[0], StringComparison.Ordinal);
        Assert.Contains("""answer":"ok (chain (xor 42) (rotl 3))","rule":"rules.0","generation":1}""", lines[1], StringComparison.Ordinal);
        Assert.Contains("""role":"outbound","listener":"out","peer_ip":"10.0.0.2""", lines[1], StringComparison.Ordinal);
        Assert.Contains("""destination":"[fd00::1]:80","peer_ip""", lines[2], StringComparison.Ordinal);
        Assert.Contains("""answer":"ok xor 9","rule":"rules.1""", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_BeforeAGreeting_IsAnsweredByItsOwnWordsCountedAndAudited()
    {
        await using var oracle = await RunningOracle.StartAsync("""
            rules: [{name: legacy, destination: h, plain: true}, {name: bad, destination: b, deny: true}]
            default: not
            """);
        using var socket = await oracle.ConnectAsync();
        Assert.Equal("plain", await RunningOracle.AskAsync(socket, "ask p1 a out h 80 10.0.0.1 5 plain?\n"));
        Assert.Equal("peer", await RunningOracle.AskAsync(socket, "ask p1 b out g 80 10.0.0.1 5 plain?\r\n"));
        Assert.Equal("deny", await RunningOracle.AskAsync(socket, "ask p1 c out b 80 10.0.0.1 5 plain?\n"));
        // Who greets all the same is judged by the other rules.
        Assert.Equal("ok not", await RunningOracle.AskAsync(socket, "ask p2 a in h 80 10.0.0.1 5 greeted\n"));
        Assert.Equal("ok not", await RunningOracle.AskAsync(socket, "ask p1 a out h 80 10.0.0.1 5\n"));
        foreach (var (result, count) in new[] { ("plain", 1), ("peer", 1), ("policy", 1), ("granted", 1) })
            await oracle.MetricAsync($"oracle_questions_total{{role=\"outbound\",result=\"{result}\"}} {count}");
        Assert.Equal(
            [("plain", "legacy"), ("peer", "default"), ("deny", "bad"), ("ok not", "default"), ("ok not", "default")],
            (await oracle.AuditAsync()).Select(line => (line.GetProperty("answer").GetString(), line.GetProperty("rule").GetString())));
    }

    [Fact]
    public async Task Ask_SplitAtEveryByte_IsAnsweredTwice()
    {
        await using var oracle = await RunningOracle.StartAsync("default: (add 1)");
        for (var split = 0; split <= 2 * Ask.Length; split++)
        {
            using var socket = await oracle.ConnectAsync();
            var wire = Encoding.ASCII.GetBytes(Ask + Ask);
            await socket.SendAsync(wire.AsMemory(..split), Cancellation);
            await socket.SendAsync(wire.AsMemory(split..), Cancellation);
            socket.Shutdown(SocketShutdown.Send);
            Assert.Equal("ok (add 1)\nok (add 1)\n", await RunningOracle.ReadToEndAsync(socket));
        }
    }

    [Fact]
    public async Task Ask_Pipelined_IsAnsweredInOrder()
    {
        var rules = string.Concat(Enumerable.Range(0, 250).Select(i => $"  - {{listener: l{i}, transform: (add {i})}}\n"));
        await using var oracle = await RunningOracle.StartAsync("rules:\n" + rules);
        using var socket = await oracle.ConnectAsync();
        var questions = Enumerable.Range(0, 2000).Select(i => $"ask p2 id{i} l{i % 250} - 0 10.0.0.1 5\n");
        // Sent while the answers are read: neither side's buffers need to hold all of them.
        var sending = socket.SendAsync(Encoding.ASCII.GetBytes(string.Concat(questions) + "end\n"), Cancellation);
        var answers = await RunningOracle.ReadToEndAsync(socket);
        await sending;
        Assert.Equal(string.Concat(Enumerable.Range(0, 2000).Select(i => $"ok (add {i % 250})\n")), answers);
    }

    [Fact]
    public async Task Ask_TransformBeyondV1_IsADenialToV1AndNeverAWeakerOne()
    {
        await using var oracle = await RunningOracle.StartAsync("default: (add 1)");
        using var socket = await oracle.ConnectAsync();
        Assert.Equal("deny\n", await oracle.AskAsync("hello alone a 10.0.0.1 5\n"));
        Assert.Equal("ok (add 1)", await RunningOracle.AskAsync(socket, "ask p2 b in h 80 10.0.0.1 5\n"));
        Assert.Equal("deny\n", await oracle.AskAsync("hello p1 b 10.0.0.1 5\n"));
        await oracle.MetricAsync("oracle_questions_total{role=\"alone\",result=\"dialect\"} 1");
        await oracle.MetricAsync("oracle_questions_total{role=\"outbound\",result=\"dialect\"} 1");
    }

    [Theory]
    [InlineData("hello alone b 10.0.0.1 5\n", "malformed")]
    [InlineData("bonjour b\n", "malformed")]
    [InlineData("ask alone b in h 0 10.0.0.1 5\n", "malformed")]
    [InlineData("ask alone b in h 80 10.0.0.1 5\0\n", "malformed")]
    [InlineData("\n", "malformed")]
    [InlineData("ask alone b", "closed")]
    public async Task AskThenNoQuestion_AnswersTheFirstAndEnds(string then, string reason)
    {
        await using var oracle = await RunningOracle.StartAsync();
        using var socket = await oracle.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(Ask + then + (then.EndsWith('\n') ? Ask : "")), Cancellation);
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("ok not\n", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync($"oracle_questions_total{{role=\"none\",result=\"{reason}\"}} 1");
        Assert.Equal([null, reason], (await oracle.AuditAsync()).Select(line => line.TryGetProperty("reason", out var why) ? why.GetString() : null));
    }

    [Fact]
    public async Task HelloThenAsk_IsOneAnswerAndTheEnd()
    {
        await using var oracle = await RunningOracle.StartAsync();
        Assert.Equal("ok not\n", await oracle.AskAsync("hello alone a 10.0.0.1 5\n" + Ask));
        await oracle.MetricAsync("oracle_connections_active 0");
        Assert.Single(await oracle.AuditAsync());
    }

    [Theory]
    [InlineData("ask", 4096)]
    [InlineData("hello", 512)]
    public async Task Ask_LineOfItsDialectsLength_IsAnsweredAndALongerOneCutOff(string word, int longest)
    {
        await using var oracle = await RunningOracle.StartAsync();
        var question = word == "ask" ? Ask.TrimEnd() : "hello alone a 10.0.0.1 5";
        foreach (var end in new[] { "\n", "\r\n" })
        {
            using var socket = await oracle.ConnectAsync();
            Assert.Equal("ok not", await RunningOracle.AskAsync(socket, question.PadRight(longest) + end));
        }

        // Without its end: nobody waits for that.
        Assert.Equal("", await oracle.AskAsync(question.PadRight(longest + 1)));
        await oracle.MetricAsync("oracle_questions_total{role=\"none\",result=\"too_long\"} 1");
        if (word != "ask")
            return;
        using var second = await oracle.ConnectAsync();
        Assert.Equal("ok not", await RunningOracle.AskAsync(second, Ask));
        Assert.Equal("ok not", await RunningOracle.AskAsync(second, question.PadRight(longest) + "\n"));
        await second.SendAsync(Encoding.ASCII.GetBytes(question.PadRight(longest + 1) + "\n"), Cancellation);
        Assert.Equal("", await RunningOracle.ReadToEndAsync(second));
        await oracle.MetricAsync("oracle_questions_total{role=\"none\",result=\"too_long\"} 2");
    }

    [Fact]
    public async Task Ask_RandomWords_NeverHurtTheNextQuestion()
    {
        const int seed = 20261122;
        var random = new Random(seed);
        string[] words = ["ask", "hello", "greeted", "alone", "p1", "p2", "id", "-", "0", "80", "h", "10.0.0.1", "5", "#(1 2 3 4)", "\n", "\n", "\r\n", "\0", " ", new string('x', 600), Ask, Ask];
        await using var oracle = await RunningOracle.StartAsync("default: random");
        for (var round = 0; round < 200; round++)
        {
            using var socket = await oracle.ConnectAsync();
            await socket.SendAsync(Encoding.ASCII.GetBytes(string.Join(' ', random.GetItems(words, random.Next(1, 40)))), Cancellation);
            // Half of the clients read to the end, the others leave by a reset.
            if (random.Next(2) == 0)
            {
                socket.Shutdown(SocketShutdown.Send);
                var answers = await RunningOracle.ReadToEndAsync(socket);
                Assert.All(answers.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^(deny|ok (xor [0-9]+|\\(xor [0-9]+\\)))$", line));
            }
            else
            {
                socket.LingerState = new LingerOption(true, 0);
            }
        }

        Assert.StartsWith("ok xor ", await oracle.AskAsync($"hello p2 seed{seed} 127.0.0.1 5\n"), StringComparison.Ordinal);
        await oracle.MetricAsync("oracle_connections_active 0");
    }
}
