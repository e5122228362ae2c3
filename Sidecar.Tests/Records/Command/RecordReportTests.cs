using System.Globalization;
using System.Text;
using Sidecar.Records.Command;
using Xunit;

namespace Sidecar.Tests.Records.Command;

public sealed class RecordReportTests
{
    // As perisco itself wrote it.
    private const string Seed =
        """{"ts":{"seconds":1664880849,"nanos":189706873},"pid":3719,"ip":{"client":"127.0.0.1","server":"127.0.0.1","ipVersion":1},"l4":{"Protocol":{"TCP":{"client_port":47994,"server_port":8880}}},"l7":{"latency_ns":57508,"request":{"Record":{"Http":{"protocol":"HTTP/1.1","method":"GET","url":"/greet","headers":[{"key":"User-Agent","value":"Go-http-client/1.1"}]}}},"response":{"Record":{"Http":{"protocol":"HTTP/1.1","code":200,"headers":[]}}}}}""";

    [Fact]
    public async Task Record_OfPeriscoItself_IsALineOfTheTable()
    {
        var shown = await ShowAsync(new RecordChoice(), Seed);

        Assert.Equal(
            """
            time          method   status       latency     sent  received  target
            10:54:09.189  GET      200             58µs        -         -  /greet

                count   errors       p50       p90       p99  method   path
                    1     0.0%      57µs      57µs      57µs  GET      /greet
                    1     0.0%      57µs      57µs      57µs  1 path

            """.ReplaceLineEndings("\n"),
            shown);
    }

    [Fact]
    public async Task Records_WithExt_ShowBytesAndHowTheyEnded()
    {
        var shown = await ShowAsync(
            new RecordChoice(),
            Line("GET", "/a", 200, "completed"), Line("GET", "/a", 200, "server_reset"), Line("POST", "/s.S/M", 200, "completed", grpc: 13), Line("GET", "/slow", null, "timeout"));

        var lines = shown.Split('\n');
        Assert.EndsWith("GET      200             58µs    1.50KB  2.00MB  /a".Replace("    1.50KB  2.00MB", "   1.50KB    2.00MB", StringComparison.Ordinal), lines[1], StringComparison.Ordinal);
        Assert.Contains("200 server", lines[2], StringComparison.Ordinal);
        Assert.Contains("200 grpc 13", lines[3], StringComparison.Ordinal);
        Assert.Contains("- timeout", lines[4], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("4    75.0%", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("gRPC     /s.S/M", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("method", "/a")]
    [InlineData("status", "/b,/s.S/M")]
    [InlineData("errors", "/c,/s.S/M")]
    [InlineData("grpc", "/s.S/M")]
    [InlineData("slower", "")]
    [InlineData("connection", "/a,/c,/b,/s.S/M")]
    public async Task Records_ThatAreNotChosen_AreLeftOut(string by, string expected)
    {
        var choice = by switch
        {
            "method" => new RecordChoice { Methods = ["get"] },
            "status" => new RecordChoice { Statuses = ["2xx"] },
            "errors" => new RecordChoice { OnlyErrors = true },
            "grpc" => new RecordChoice { OnlyGrpc = true },
            "slower" => new RecordChoice { Slower = TimeSpan.FromMilliseconds(1) },
            _ => new RecordChoice { Connection = "c-1" },
        };

        var shown = await ShowAsync(choice, Line("GET", "/a", 304, "completed"), Line("POST", "/c", 404, "completed"), Line("POST", "/b", 201, "completed"), Line("POST", "/s.S/M", 200, "completed", grpc: 5));

        Assert.Equal(expected.Split(',', StringSplitOptions.RemoveEmptyEntries), shown.Split("count")[0].Split('\n').Skip(1).Where(l => l.Length > 0).Select(l => l.Split(' ')[^1]).Where(t => t.StartsWith('/')));
    }

    [Fact]
    public async Task Text_OfPeers_CannotSpeakToTheTerminal()
    {
        var shown = await ShowAsync(new RecordChoice(), Line("GET\\u001b[2J", "/\\u001b]0;x\\u0007\\u202ea", 200, "completed"));

        Assert.DoesNotContain('\u001b', shown);
        Assert.DoesNotContain('\u0007', shown);
        Assert.DoesNotContain('\u202e', shown);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"time":"2026-01-01T00:00:00.000Z","id":"x","reason":"completed"}""")]
    [InlineData("""{"ts":{"seconds":1e99},"l7":{"request":{"Record":{"Http":{}}}}}""")]
    [InlineData("""{"ts":{"seconds":999999999999999},"l7":{"request":{"Record":{"Http":{}}}}}""")]
    [InlineData("""{"ts":7,"l7":{"request":{"Record":{"Http":{}}}}}""")]
    [InlineData("""{"ts":{},"l7":{"request":{"Record":{"Http":{}}},"response":{"Record":{"Http":{"code":"x"}}}}}""")]
    public void Line_ThatIsNoRecord_IsNone(string line) => Assert.Null(ReadRecord.TryParse(Encoding.UTF8.GetBytes(line)));

    [Theory]
    [InlineData("/users/17/items?q=1", "/users/{n}/items")]
    [InlineData("/v2/video/720p/segment00017.ts", "/v2/video/720p/segment{n}.ts")]
    [InlineData("/a/550e8400-e29b-41d4-a716-446655440000/b", "/a/{uuid}/b")]
    [InlineData("/blob/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/blob/{hash}")]
    [InlineData("/deadbeef/accessibility", "/deadbeef/accessibility")]
    [InlineData("/hls/clock/360p/05.m4s", "/hls/clock/360p/{n}.m4s")]
    [InlineData("*", "*")]
    public void Template_OfATarget_HasNoIds(string target, string template) => Assert.Equal(template, PathTemplate.Of(target));

    [Fact]
    public void Percentiles_OfAnyLatencies_AreAtMostOnePartInSixtyOff()
    {
        var random = new Random(1);
        var all = Enumerable.Range(0, 10_000).Select(_ => TimeSpan.FromTicks((long)Math.Pow(10, random.NextDouble() * 11))).Order().ToList();
        var histogram = new LatencyHistogram();
        foreach (var span in all)
            histogram.Add(span);

        foreach (var share in new[] { 0.001, .5, .9, .99, 1 })
        {
            var exact = all[(int)Math.Ceiling(share * all.Count) - 1];
            Assert.InRange(histogram.Percentile(share)!.Value / exact, 1 - (1 / 60.0), 1);
        }

        Assert.Null(new LatencyHistogram().Percentile(.5));
    }

    [Fact]
    public async Task Templates_BeyondTheLimit_ShareALine()
    {
        var shown = await ShowAsync(new RecordChoice(), [.. Enumerable.Range(0, RecordSummary.MaxTemplates + 50).Select(i => Line("GET", $"/{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}", 200, "completed"))]);

        Assert.Contains($"{50,9}     0.0%", shown, StringComparison.Ordinal);
        Assert.Contains("(other paths)", shown, StringComparison.Ordinal);
    }

    private static string Line(string method, string target, int? status, string outcome, int? grpc = null)
    {
        var response = status is null ? "" : string.Create(CultureInfo.InvariantCulture, $",\"response\":{{\"Record\":{{\"Http\":{{\"code\":{status}}}}}}}");
        var call = grpc is null ? "" : string.Create(CultureInfo.InvariantCulture, $",\"grpc_status\":{grpc},\"grpc_request_messages\":1,\"grpc_response_messages\":0");
        return $"{{\"ts\":{{\"seconds\":1}},\"l7\":{{\"latency_ns\":57508,\"request\":{{\"Record\":{{\"Http\":{{\"method\":\"{method}\",\"url\":\"{target}\"}}}}}}{response}}},\"ext\":{{\"conn_id\":\"c-1\",\"outcome\":\"{outcome}\",\"request_bytes\":1500,\"response_bytes\":2000000{call}}}}}";
    }

    private static async Task<string> ShowAsync(RecordChoice choice, params string[] lines)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var report = new RecordReport(output, choice, new RecordTable(output, hasColours: false));
        await report.AddAsync(lines.Select(line => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(line))).ToAsyncEnumerable());
        report.End();
        Assert.Equal(0, report.Others);
        return output.ToString();
    }
}
