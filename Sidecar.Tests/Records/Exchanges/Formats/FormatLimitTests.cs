using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sidecar.Observation;
using Sidecar.Records.Exchanges;
using Sidecar.Tests.Observation;
using Testing;
using Xunit;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges.Formats;

/// <summary>However long heads are: a line keeps its limit, is JSON, and says when it is cut.</summary>
public sealed class FormatLimitTests
{
    private const int Least = 4 * 1024;

    // A token of the longest id and a transform, so that ext is as long as it gets.
    private static readonly ExchangeOrigin Connection = Origin("[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "[2001:db8:1111:2222:3333:4444:5555:7777]:65535", transform: "xor 0x5a");

    private static readonly string[] Pieces = ["a", "b c", "\"", "\\", "\u0001", "\u00e9", "\u00c3\u00a9", "\u00f0\u009f\u0099\u0082", "\u00f0\u009f", "?token=secret", "&x=y", "%20", "//u:p@h/"];

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Write_EveryLimitAndRandomHeads_KeepsTheLimitAndSaysWhatIsCut()
    {
        var random = new Random(11);
        var cut = 0;
        foreach (var limit in Limits(Least))
            cut += Check(Any(random, limit), limit) ? 1 : 0;
        foreach (var limit in new[] { 16 * 1024, 64 * 1024, 1024 * 1024 })
        {
            for (var i = 0; i < Rounds.Of(50); i++)
                cut += Check(Any(random, limit), limit) ? 1 : 0;
        }

        Assert.InRange(cut, Rounds.Of(1000), Rounds.Of(Least));
    }

    [Theory]
    [InlineData("perisco-v2", "\"truncated\":true", "l7|request|http|url")]
    [InlineData("otel", "\"sidecar.truncated\":true", "attributes|url.path", "attributes|url.query")]
    [InlineData("ecs", "\"tags\":[\"truncated\"]", "url|original", "url|path", "url|query")]
    [InlineData("envoy", "\"truncated\":true", "path")]
    [InlineData("otlp-span", "{\"key\":\"sidecar.truncated\",\"value\":{\"boolValue\":true}}")]
    [InlineData("otlp-log", "{\"key\":\"sidecar.truncated\",\"value\":{\"boolValue\":true}}")]
    public void Write_RandomHeads_KeepTheLimitInEveryFormat(string name, string mark, params string[] addresses)
    {
        var random = new Random(12);
        var cut = 0;
        foreach (var limit in Limits(Least / 3))
        {
            // Of these formats only the target grows.
            var exchange = name is "envoy" or "otlp-span" ? Completed(Request("GET", "/" + Text(random, 2 * limit)), Response(200)) : Any(random, limit);
            var line = Written(Format(name, MadeExchanges.Text(time: _time, maxLine: limit)), exchange, Connection);
            Assert.True(Encoding.UTF8.GetByteCount(line) <= limit, $"{line.Length} characters at a limit of {limit}");
            var record = JsonDocument.Parse(line).RootElement;
            foreach (var address in addresses)
            {
                var found = address.Split('|').Aggregate((JsonElement?)record, (at, key) => at is { } parent && parent.TryGetProperty(key, out var child) ? child : null);
                Assert.DoesNotContain("secret", found?.GetString() ?? "", StringComparison.Ordinal);
            }

            var isCut = WithoutIds(line) != WithoutIds(Written(Format(name, MadeExchanges.Text(time: _time, maxLine: int.MaxValue / 2)), exchange, Connection));
            Assert.Equal(isCut, line.Contains(mark, StringComparison.Ordinal));
            cut += isCut ? 1 : 0;
        }

        Assert.InRange(cut, Rounds.Of(100), Rounds.Of(Least / 3));
    }

    // Those of spans are made for each line.
    private static string WithoutIds(string line) => Regex.Replace(line, "\"(?:traceId|spanId)\":\"[0-9a-f]+\"", "", RegexOptions.NonBacktracking);

    public static TheoryData<string> Whiles => ["GET", "/", "request field", "response field", "grpc-message"];

    [Theory]
    [MemberData(nameof(Whiles))]
    public void Write_OneTextThatGrows_IsCutWhereItsLimitIsReached(string where)
    {
        foreach (var piece in new[] { "a", "\u0001", "\u00e9", "\u00c3\u00a9", "\"" })
        {
            var wasCut = false;
            for (var i = 0; i < Rounds.Of(600); i++)
            {
                var length = (Least + 100) * i / (Rounds.Of(600) - 1);
                var text = string.Concat(Enumerable.Repeat(piece, (length / piece.Length) + 1));
                var isCut = Check(Of(where, text), Least);
                Assert.True(isCut || !wasCut, $"{where} of {text.Length} is whole and a shorter one was not");
                wasCut = isCut;
            }

            // No more than the beginning of a gRPC message is shown, which may have room.
            Assert.True(wasCut || where == "grpc-message");
        }
    }

    [Fact]
    public void Write_AnEndlessRequest_LeavesRoomForTheResponse()
    {
        var exchange = Completed(Request("GET", "/" + new string('a', 30_000)), Response(503, ("Retry-After", "17")));
        var line = Parse(Write(exchange, Least));
        var http = line.GetProperty("l7").GetProperty("response").GetProperty("Record").GetProperty("Http");
        Assert.Equal(503, http.GetProperty("code").GetInt32());
        Assert.Equal("17", http.GetProperty("headers")[0].GetProperty("value").GetString());
        Assert.True(line.GetProperty("ext").GetProperty("truncated").GetBoolean());
    }

    private static IEnumerable<int> Limits(int count) => Enumerable.Range(0, Rounds.Of(count)).Select(i => Least + (int)((long)i * Least / Rounds.Of(count)));

    private static Exchange Of(string where, string text)
    {
        var exchange = Completed(
            where switch
            {
                "GET" => Request("G" + text, "/"),
                "/" => Request("GET", "/" + text),
                "request field" => Request("GET", "/", ("a", text)),
                _ => Request("GET", "/"),
            },
            where == "response field" ? Response(200, ("a", text)) : Response(200));
        if (where == "grpc-message")
        {
            exchange.Grpc = new GrpcCall { Status = 13 };
            exchange.Trailers = With(new MessageHeads(64 * 1024, Unshared.Account()).Rent(), ("grpc-message", text));
        }

        return exchange;
    }

    private bool Check(Exchange exchange, int limit)
    {
        var bytes = Write(exchange, limit);
        Assert.True(bytes.Length <= limit, $"{bytes.Length} bytes at a limit of {limit}");
        Assert.Equal((byte)'\n', bytes[^1]);
        var line = Parse(bytes);
        Assert.Equal("completed", line.GetProperty("ext").GetProperty("outcome").GetString());
        var request = line.GetProperty("l7").GetProperty("request").GetProperty("Record").GetProperty("Http");
        Assert.DoesNotContain("secret", request.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal(exchange.Response is not null, line.GetProperty("l7").TryGetProperty("response", out _));
        var isCut = line.GetProperty("ext").TryGetProperty("truncated", out _);
        if (isCut)
            Assert.True(bytes.Length >= limit / 2, $"cut to {bytes.Length} bytes at a limit of {limit}");
        else
            Assert.Equal(Write(exchange, int.MaxValue / 2), bytes);
        return isCut;
    }

    private byte[] Write(Exchange exchange, int limit)
    {
        return Encoding.UTF8.GetBytes(Written(Format("perisco", MadeExchanges.Text(time: _time, maxLine: limit)), exchange, Connection));
    }

    private static JsonElement Parse(byte[] line) => JsonDocument.Parse(line).RootElement;

    private static Exchange Any(Random random, int limit)
    {
        // About half of them are cut.
        var most = Math.Min(limit, 30_000) / 2;
        var response = random.Next(10) == 0 ? null : Response(random.Next(200, 600), Fields(random, most));
        var exchange = Completed(Request(Text(random, 20), "/" + Text(random, most / 4), Fields(random, most)), response);
        if (random.Next(4) == 0)
        {
            exchange.Grpc = new GrpcCall { Status = random.Next(17) };
            exchange.Trailers = With(new MessageHeads(64 * 1024, Unshared.Account()).Rent(), ("grpc-message", Text(random, 2000)));
        }

        return exchange;
    }

    private static (string Name, string Value)[] Fields(Random random, int most)
    {
        var fields = new List<(string, string)>();
        for (var left = random.Next(most); left > 0;)
        {
            var (name, value) = (random.Next(20) == 0 ? "Cookie" : "n" + Text(random, 30), random.Next(8) == 0 ? "" : Text(random, random.Next(1, left + 1)));
            fields.Add((name, value));
            left -= name.Length + value.Length;
        }

        return [.. fields];
    }

    private static string Text(Random random, int most)
    {
        var text = new StringBuilder();
        // Texts of one kind, so that plain ones are among them.
        var kind = random.Next(3) == 0 ? 1 : Pieces.Length;
        var length = random.Next(most);
        while (text.Length < length)
            text.Append(Pieces[random.Next(kind)]);
        return text.ToString();
    }
}
