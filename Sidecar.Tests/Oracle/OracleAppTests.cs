using System.Net;
using System.Net.Sockets;
using Chassis;
using Chassis.Settings;
using Microsoft.Extensions.DependencyInjection;
using Oracle.Configuration;
using Oracle.Serving;
using Oracle.Telemetry;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

[SystemTest]
public sealed class OracleAppTests
{
    [Theory]
    [InlineData("hello alone a 127.0.0.1 5\n")]
    [InlineData("ask alone a here example.org 80 127.0.0.1 5\n")]
    public async Task Audit_ThatHasEnded_LeavesAQuestionWithoutAnswer(string question)
    {
        await using var oracle = await RunningOracle.StartAsync();
        await oracle.App.Services.GetRequiredService<AuditLog>().DisposeAsync();

        Assert.Equal("", await oracle.AskAsync(question));

        await oracle.MetricAsync("oracle_audit_records_dropped_total 1");
    }

    [Fact]
    public async Task Audit_EachDecision_IsOneLineWithAllOfIt()
    {
        await using var oracle = await RunningOracle.StartAsync("""
            rules:
              - {name: clients, role: p2, peer: 10.0.0.0/8, transform: xor 42}
            """, new ManualTimeProvider());
        await oracle.AskAsync("hello p2 <a> 10.0.0.1 5\n");
        await oracle.AskAsync("hello alone b 10.0.0.1 6\n");
        await oracle.AskAsync("hello p2 <a> 10.0.0.1 5\n");
        var lines = (await oracle.AuditAsync()).Select(line => line.ToString()).ToList();
        Assert.Collection(lines.Select(WithoutAsker),
            line => Assert.Equal("""{"time":"2026-01-02T03:04:05.678Z","conn_id":"\u003Ca\u003E","role":"inbound","peer_ip":"10.0.0.1","peer_port":5,"answer":"ok xor 42","rule":"clients","generation":1}""", line),
            line => Assert.Equal("""{"time":"2026-01-02T03:04:05.678Z","conn_id":"b","role":"alone","peer_ip":"10.0.0.1","peer_port":6,"answer":"deny","rule":"default","generation":1,"reason":"policy"}""", line),
            line => Assert.Equal("""{"time":"2026-01-02T03:04:05.678Z","conn_id":"\u003Ca\u003E","role":"inbound","peer_ip":"10.0.0.1","peer_port":5,"answer":"deny","generation":1,"reason":"repeated_question"}""", line));
    }

    [Fact]
    public async Task Policy_Changed_AnswersByTheNewOneAndShowsItsGeneration()
    {
        var time = new ManualTimeProvider();
        await using var oracle = await RunningOracle.StartAsync("default: xor 1", time);
        Assert.Equal("ok xor 1\n", await oracle.AskAsync("hello p2 a 10.0.0.1 5\n"));
        oracle.WritePolicy("default: rot13");
        await AdvanceUntilAsync("oracle_policy_reload_failures_total 1");
        await oracle.MetricAsync("oracle_policy_file_in_force 0");
        // Ready all the same: the old policy answers, and a mistake in a file that all Oracles share must not end them all.
        var ready = await RunningOracle.GetAsync(oracle.App.HealthAddress, "/readyz");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Matches("^ready\nthe policy file has not been in force since 2026-01-02T[0-9:]+Z \\(see the log\\); generation 1 is in force\n$", await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("ok xor 1\n", await oracle.AskAsync("hello p2 b 10.0.0.1 5\n"));
        oracle.WritePolicy("default: xor 2");
        await AdvanceUntilAsync("oracle_policy_generation 2");
        await oracle.MetricAsync("oracle_policy_file_in_force 1");
        Assert.Equal("ready\n", await (await RunningOracle.GetAsync(oracle.App.HealthAddress, "/readyz")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("ok xor 2\n", await oracle.AskAsync("hello p2 c 10.0.0.1 5\n"));

        async Task AdvanceUntilAsync(string line)
        {
            while (!(await oracle.MetricsAsync()).Split('\n').Contains(line))
                time.Advance(FileWatch.Interval);
        }
    }

    [Fact]
    public async Task Endpoints_OnOnePort_ServeMetricsAndHealth()
    {
        await using var oracle = await RunningOracle.StartAsync();
        Assert.Equal(oracle.App.MetricsAddress, oracle.App.HealthAddress);
        foreach (var path in new[] { "/metrics", "/healthz", "/readyz" })
            Assert.Equal(HttpStatusCode.OK, (await RunningOracle.GetAsync(oracle.App.MetricsAddress, path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await RunningOracle.GetAsync(oracle.App.MetricsAddress, "/")).StatusCode);
    }

    [Fact]
    public async Task Endpoints_OnTwoPorts_ServeOnlyTheirOwn()
    {
        await using var oracle = await RunningOracle.StartAsync(change: o => o with { Health = new ListenOption(new IPEndPoint(IPAddress.IPv6Loopback, 0), "--health-address") });
        Assert.NotEqual(oracle.App.MetricsAddress, oracle.App.HealthAddress);
        Assert.Equal(HttpStatusCode.OK, (await RunningOracle.GetAsync(oracle.App.MetricsAddress, "/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await RunningOracle.GetAsync(oracle.App.MetricsAddress, "/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await RunningOracle.GetAsync(oracle.App.HealthAddress, "/readyz")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await RunningOracle.GetAsync(oracle.App.HealthAddress, "/metrics")).StatusCode);
    }

    [Fact]
    public async Task Metrics_OfTwoOraclesInOneProcess_AreApart()
    {
        await using var one = await RunningOracle.StartAsync();
        await using var other = await RunningOracle.StartAsync();
        await one.AskAsync("hello alone a 10.0.0.1 5\n");
        await one.MetricAsync("oracle_connections_total 1");
        Assert.Contains("oracle_connections_total 0\n", await other.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_PortInUse_IsAUsageErrorThatNamesTheOption()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var address = (IPEndPoint)taken.LocalEndPoint!;
        var free = new ListenOption(new IPEndPoint(IPAddress.Loopback, 0), "--other");
        var options = new OracleOptions { Listen = free, Metrics = free, Health = free, AuditLog = new NamedFile("off", "--audit-log") };
        foreach (var (broken, option) in new[]
        {
            (options with { Listen = new ListenOption(address, "--listen") }, "--listen"),
            (options with { Metrics = new ListenOption(address, "--metrics-address") }, "--metrics-address"),
            (options with { Health = new ListenOption(address, "--health-address") }, "--health-address"),
        })
        {
            var error = Assert.Throws<UsageException>(() => OracleApp.Create(broken));
            Assert.StartsWith($"{option} '{address}': the port is in use", error.Message, StringComparison.Ordinal);
        }
    }

    private static string WithoutAsker(string line)
    {
        var start = line.IndexOf("\"asker\":\"127.0.0.1:", StringComparison.Ordinal);
        return line.Remove(start, line.IndexOf(',', start) + 1 - start);
    }
}
