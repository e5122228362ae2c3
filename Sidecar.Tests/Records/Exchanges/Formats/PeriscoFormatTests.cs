using System.Text;
using System.Text.Json;
using Sidecar.Observation;
using Sidecar.Owners;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;
using HttpVersion = Sidecar.Observation.HttpVersion;

namespace Sidecar.Tests.Records.Exchanges.Formats;

public sealed class PeriscoFormatTests
{
    private readonly ManualTimeProvider _time = new();

    public static TheoryData<string> Sample => [.. PeriscoSample.Lines];

    [Theory]
    [MemberData(nameof(Sample))]
    public void Write_AnExchangeOfTheSample_IsTheSamplesLineToTheByteButForTheTimeAndProcess(string line)
    {
        var sample = JsonDocument.Parse(line).RootElement;
        var (l7, ip, tcp) = (sample.GetProperty("l7"), sample.GetProperty("ip"), sample.GetProperty("l4").GetProperty("Protocol").GetProperty("TCP"));
        var (request, response) = (Http(l7, "request"), Http(l7, "response"));
        var requestHead = Request(request.GetProperty("method").GetString()!, request.GetProperty("url").GetString()!, Fields(request));
        requestHead.Version = request.GetProperty("protocol").GetString() == "HTTP/1.0" ? HttpVersion.Http10 : HttpVersion.Http11;
        var exchange = new Exchange(requestHead, 0, 0)
        {
            Response = Response(response.GetProperty("code").GetInt32(), Fields(response)),
            // The clock's own ticks, so that no digit is lost.
            Responded = l7.GetProperty("latency_ns").GetInt64(),
            Ended = 1,
        };
        var process = new LocalProcess(isPending: true);
        process.Found(sample.GetProperty("pid").GetInt32());
        var origin = Origin($"{ip.GetProperty("client")}:{tcp.GetProperty("client_port")}", $"{ip.GetProperty("server")}:{tcp.GetProperty("server_port")}", process);

        var written = Write(exchange, origin, Format(ext: false, new NanosecondClock(sample.GetProperty("ts"))));

        // Only the query of a redirect would be masked, and there is none.
        Assert.Equal(line + "\n", written);
    }

    [Fact]
    public void Write_WithExt_HasTheSamplesKeysAndExtAlone()
    {
        var exchange = Completed(Request("GET", "/greet", ("Host", "a")), Response(200, ("Date", "now")));
        var written = Parse(Write(exchange));

        var expected = Keys(JsonDocument.Parse(PeriscoSample.Lines[0]).RootElement, "");
        Assert.Equal(expected, Keys(written, "").Where(key => !key.StartsWith("/ext", StringComparison.Ordinal)));
        Assert.Equal(
            ["conn_id", "role", "outcome", "duration_ns", "request_bytes", "response_bytes"],
            written.GetProperty("ext").EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void Write_Ext_TellsConnectionOutcomeTimeAndBytes()
    {
        var exchange = Completed(Request("GET", "/"), Response(200), ExchangeOutcome.ServerReset);
        (exchange.RequestBytes, exchange.ResponseBytes) = (18, 123_456_789_012);
        var ext = Parse(Write(exchange, Origin(transform: "(xor 42)"))).GetProperty("ext");

        Assert.Equal(
            """{"conn_id":"abc-1","role":"inbound","transform":"(xor 42)","outcome":"server_reset","duration_ns":10000,"request_bytes":18,"response_bytes":123456789012}""",
            ext.GetRawText());
    }

    [Fact]
    public void Write_TimesOfTheClock_AreTimeOfDayAtTheStartAndLatencyFromTheRequestsHeadToTheResponse()
    {
        _time.Advance(TimeSpan.FromSeconds(5));
        var started = _time.GetTimestamp() - 3;
        var exchange = new Exchange(Request("GET", "/"), started, started + 1) { Response = Response(200), Responded = started + 8, Ended = started + 9 };
        var written = Parse(Write(exchange));

        var at = _time.GetUtcNow().AddTicks(-3);
        Assert.Equal(at.ToUnixTimeSeconds(), written.GetProperty("ts").GetProperty("seconds").GetInt64());
        Assert.Equal(at.Nanosecond + (1000 * at.Microsecond) + (1_000_000 * at.Millisecond), written.GetProperty("ts").GetProperty("nanos").GetInt32());
        Assert.Equal(700, written.GetProperty("l7").GetProperty("latency_ns").GetInt64());
    }

    [Fact]
    public void Write_TimeOfDayThatWasSet_IsFollowedWithinASecond()
    {
        var clock = new SettableClock();
        var format = Format(ext: false, clock);
        var before = Seconds();
        clock.Set += TimeSpan.FromDays(1);
        clock.Now += 2 * clock.TimestampFrequency;

        Assert.Equal(before + 86400 + 2, Seconds());

        long Seconds() => Parse(Write(new Exchange(Request("GET", "/"), clock.Now, clock.Now) { Ended = clock.Now }, format: format))
            .GetProperty("ts").GetProperty("seconds").GetInt64();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(103)]
    public void Write_NoResponseProper_LeavesItOut(int interim)
    {
        var written = Parse(Write(Completed(Request("GET", "/"), interim == 0 ? null : Response(interim), ExchangeOutcome.Unmatched))).GetProperty("l7");

        Assert.Equal(["request"], written.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void Write_Upgrade_HasItsResponse() =>
        Assert.Equal(101, Http(Parse(Write(Completed(Request("GET", "/"), Response(101)))).GetProperty("l7"), "response").GetProperty("code").GetInt32());

    [Fact]
    public void Write_ZeroValues_AreLeftOut()
    {
        var exchange = new Exchange(Request("GET", "/", ("X-Empty", "")), 0, 7) { Response = Response(204), Responded = 7, Ended = 8 };
        var l7 = Parse(Write(exchange, format: Format(ext: false))).GetProperty("l7");

        Assert.Equal(
            """{"request":{"Record":{"Http":{"protocol":"HTTP/1.1","method":"GET","url":"/","headers":[{"key":"X-Empty"}]}}},"response":{"Record":{"Http":{"protocol":"HTTP/1.1","code":204}}}}""",
            l7.GetRawText());
    }

    [Theory]
    [InlineData("[::ffff:10.1.2.3]:1", "[::ffff:10.0.0.1]:2", "10.1.2.3", "10.0.0.1", 1)]
    [InlineData("[2001:db8::1]:1", "[2001:db8::2]:2", "2001:db8::1", "2001:db8::2", 2)]
    [InlineData("10.1.2.3:1", "[::1]:2", "10.1.2.3", "::1", 2)]
    public void Write_Addresses_OfBothFamilies(string client, string server, string writtenClient, string writtenServer, int version)
    {
        var ip = Parse(Write(Of(), Origin(client, server))).GetProperty("ip");
        Assert.Equal(
            (writtenClient, writtenServer, version),
            (ip.GetProperty("client").GetString(), ip.GetProperty("server").GetString(), ip.GetProperty("ipVersion").GetInt32()));
    }

    [Fact]
    public void Write_Fields_KeepOrderCaseAndDuplicates()
    {
        var exchange = Completed(Request("GET", "/", (":authority", "h"), ("b", "1"), ("A", "2"), ("b", "3")), null);
        Assert.Equal(
            """[{"key":":authority","value":"h"},{"key":"b","value":"1"},{"key":"A","value":"2"},{"key":"b","value":"3"}]""",
            Http(Parse(Write(exchange)).GetProperty("l7"), "request").GetProperty("headers").GetRawText());
    }

    [Fact]
    public void Write_AHeadThatWasCut_SaysSo()
    {
        var head = Response(200);
        head.Cut();
        Assert.True(Parse(Write(Completed(Request("GET", "/"), head))).GetProperty("ext").GetProperty("truncated").GetBoolean());
    }

    [Fact]
    public void Write_ProcessThatIsLookedFor_LeavesItsPlace()
    {
        var line = new JsonLine();
        var process = new LocalProcess(isPending: true);
        Format().For(Origin(process: process)).Write(line, Of());

        var late = Assert.Single(line.LateTexts.ToArray());
        Assert.Same(process, late.Text);
        Assert.EndsWith("\"pid\":", Encoding.UTF8.GetString(line.Bytes[..late.At]), StringComparison.Ordinal);
        Assert.StartsWith(",", Encoding.UTF8.GetString(line.Bytes[late.At..]), StringComparison.Ordinal);
        process.Found(17);
        line.Clear();
        Format().For(Origin(process: process)).Write(line, Of());
        Assert.True(line.LateTexts.IsEmpty);
        Assert.Contains("\"pid\":17,", Encoding.UTF8.GetString(line.Bytes), StringComparison.Ordinal);
    }

    private string Write(Exchange exchange, ExchangeOrigin? origin = null, RecordFormat? format = null) => Written(format ?? Format(), exchange, origin);

    private RecordFormat Format(bool ext = true, TimeProvider? time = null) => MadeExchanges.Format("perisco", Text(ext: ext, time: time ?? _time));

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;

    private static JsonElement Http(JsonElement l7, string part) => l7.GetProperty(part).GetProperty("Record").GetProperty("Http");

    private static (string, string)[] Fields(JsonElement http) =>
        [.. http.GetProperty("headers").EnumerateArray().Select(f => (f.GetProperty("key").GetString()!, f.GetProperty("value").GetString()!))];

    // Paths of all keys, in order; of a list once.
    private static IEnumerable<string> Keys(JsonElement element, string path) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Keys(p.Value, $"{path}/{p.Name}").Prepend($"{path}/{p.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Keys(item, path)).Distinct(),
        _ => [],
    };

    // Stands at a record's time, and counts nanoseconds as Linux does.
    private sealed class NanosecondClock(JsonElement ts) : TimeProvider
    {
        public override long TimestampFrequency => 1_000_000_000;

        // The time of day has no finer ticks than 100 ns; the rest of them are this far ahead.
        public override long GetTimestamp() => -(ts.GetProperty("nanos").GetInt64() % 100);

        public override DateTimeOffset GetUtcNow() =>
            DateTimeOffset.FromUnixTimeSeconds(ts.GetProperty("seconds").GetInt64()).AddTicks(ts.GetProperty("nanos").GetInt64() / 100);
    }

    private sealed class SettableClock : TimeProvider
    {
        public long Now { get; set; } = 1000;

        public TimeSpan Set { get; set; }

        public override long TimestampFrequency => 24_000_000;

        public override long GetTimestamp() => Now;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50) + Set + TimeSpan.FromSeconds((double)Now / TimestampFrequency);
    }
}
