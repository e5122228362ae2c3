using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Oracle.Configuration;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>How long a connection of dialect v1x lives, and what ends it.</summary>
[SystemTest]
public sealed class WireServerV1xLifetimeTests
{
    private const string Ask = "ask alone a in h 80 10.0.0.1 5\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Idle_UpToItsLimit_EndsInOrderAndWithoutARecord()
    {
        var time = new ManualTimeProvider();
        await using var oracle = await RunningOracle.StartAsync(time: time);
        using var socket = await oracle.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ok not", await RunningOracle.AskAsync(socket, Ask));
            await Eventually.TrueAsync(() => time.HasTimerDueIn(OracleDialects.IdleLimit));
            time.Advance(OracleDialects.IdleLimit - TimeSpan.FromTicks(1));
        }

        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync("oracle_connections_active 0");
        Assert.Equal(3, (await oracle.AuditAsync()).Count);
    }

    [Fact]
    public async Task SecondQuestion_NotWholeInThreeSecondsFromItsFirstByte_IsCutOff()
    {
        var time = new ManualTimeProvider();
        await using var oracle = await RunningOracle.StartAsync(time: time);
        using var socket = await oracle.ConnectAsync();
        Assert.Equal("ok not", await RunningOracle.AskAsync(socket, Ask));
        await Eventually.TrueAsync(() => time.HasTimerDueIn(OracleDialects.IdleLimit));
        time.Advance(TimeSpan.FromSeconds(40));
        await socket.SendAsync("a"u8.ToArray(), Cancellation);
        await Eventually.TrueAsync(() => time.HasTimerDueIn(WireLine.Wait));
        time.Advance(WireLine.Wait - TimeSpan.FromTicks(1));
        await socket.SendAsync("sk"u8.ToArray(), Cancellation);
        Assert.True(time.HasTimerDueIn(TimeSpan.FromTicks(1)));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
        await oracle.MetricAsync("oracle_questions_total{role=\"none\",result=\"timeout\"} 1");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_BetweenQuestions_IsNoDenial(bool reset)
    {
        await using var oracle = await RunningOracle.StartAsync();
        using (var socket = await oracle.ConnectAsync())
        {
            Assert.Equal("ok not", await RunningOracle.AskAsync(socket, Ask));
            if (reset)
                socket.LingerState = new LingerOption(true, 0);
        }

        await oracle.MetricAsync("oracle_connections_active 0");
        Assert.Single(await oracle.AuditAsync());
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("ask alone", true)]
    public async Task Stop_EndsIdleOnesInOrderAndHalfQuestionsAsDraining(string sent, bool recorded)
    {
        var time = new ManualTimeProvider();
        await using var oracle = await RunningOracle.StartAsync(time: time);
        using var socket = await oracle.ConnectAsync();
        Assert.Equal("ok not", await RunningOracle.AskAsync(socket, Ask));
        await Eventually.TrueAsync(() => time.HasTimerDueIn(OracleDialects.IdleLimit));
        await socket.SendAsync(Encoding.ASCII.GetBytes(sent), Cancellation);
        await Eventually.TrueAsync(() => time.HasTimerDueIn(recorded ? WireLine.Wait : OracleDialects.IdleLimit));
        // The clock stands still: only the stop itself can end the wait.
        var records = await oracle.AuditAsync();
        Assert.Equal(recorded ? ["draining"] : [], records.Skip(1).Select(line => line.GetProperty("reason").GetString()));
        Assert.Equal("", await RunningOracle.ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Idle_InAFullHouse_EndsInOrderAndWithoutARecord()
    {
        await using var oracle = await RunningOracle.StartAsync(time: new ManualTimeProvider(), change: o => o with { MaxConnections = 1 });
        using var idle = await oracle.ConnectAsync();
        Assert.Equal("ok not", await RunningOracle.AskAsync(idle, Ask));
        Assert.Equal("ok not\n", await oracle.AskAsync("hello alone b 10.0.0.1 5\n"));
        Assert.Equal("", await RunningOracle.ReadToEndAsync(idle));
        await oracle.MetricAsync("oracle_connections_displaced_total 1");
        Assert.Equal(2, (await oracle.AuditAsync()).Count);
    }

    [Fact]
    public async Task Asker_ThatNeverReads_IsCutOffThreeSecondsAfterTheLastAnswerThatWent()
    {
        var time = new ManualTimeProvider();
        var table = Convert.ToHexString([.. Enumerable.Range(0, 256).Select(i => (byte)(i * 3))]);
        await using var oracle = await RunningOracle.StartAsync($"default: (table \"{table}\")", time, o => o with { AuditLog = new NamedFile("off", "--audit-log") });
        using var socket = await oracle.ConnectAsync();
        // 32 MB of answers, more than the kernel keeps for a connection.
        var sending = socket.SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Ask, 60_000))), Cancellation);
        // Until nothing has moved for a while.
        var (answered, still) = (0, 0);
        while (still < 10)
        {
            await Task.Delay(20, Cancellation);
            var before = answered;
            answered = Answered(await oracle.MetricsAsync());
            still = answered > 0 && answered == before ? still + 1 : 0;
        }

        Assert.InRange(answered, 1, 59_999);
        Assert.True(time.HasTimerDueIn(WireLine.Wait));
        time.Advance(WireLine.Wait - TimeSpan.FromTicks(1));
        await oracle.MetricAsync("oracle_connections_active 1");
        time.Advance(TimeSpan.FromTicks(1));
        await oracle.MetricAsync("oracle_connections_active 0");
        // It was the answer that ended it, not the wait for a question.
        Assert.DoesNotContain("role=\"none\"", await oracle.MetricsAsync(), StringComparison.Ordinal);
        try
        {
            await sending;
        }
        catch (SocketException)
        {
            // The Oracle closed before it had all of them, as it must.
        }
    }

    private static int Answered(string metrics)
    {
        const string name = "oracle_answer_seconds_count ";
        var line = metrics.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line.AsSpan(name.Length), CultureInfo.InvariantCulture);
    }
}
