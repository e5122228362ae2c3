using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
using Sidecar.Records.Exchanges.Outputs.Spools;
using Sidecar.Tests.Support.Peers;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

public sealed class BulkPartsTests
{
    private static readonly DateTimeOffset Day = new(2026, 11, 5, 23, 30, 0, TimeSpan.FromHours(-5));

    [Theory]
    [InlineData("records", "records", "records")]
    [InlineData("sidecar-%{+yyyy.MM.dd}", "sidecar-2026.11.06", "sidecar-*")]
    [InlineData("a-%{+yyyy}-%{+d}", "a-2026-6", "a-*-*")]
    public void Pattern_NamesTheIndexOfTheDayInUtc(string pattern, string name, string wildcard)
    {
        var index = IndexPattern.Parse(pattern);
        Assert.Equal((name, wildcard, pattern), (index.NameAt(Day), index.Wildcard, index.ToString()));
    }

    [Fact]
    public void Pattern_OfPerisco_HasTheHost() =>
        Assert.Equal($"perisco-logs-{Environment.MachineName.ToLowerInvariant()}", IndexPattern.Parse(IndexPattern.Default).NameAt(Day));

    // Else each pod would replace the template of all others.
    [Fact]
    public void Template_IsTheSameForAllHosts_AndAnotherForOtherIndices()
    {
        var indices = IndexPattern.Parse(IndexPattern.Default).Wildcard;

        Assert.Equal(("perisco-logs-*", "sidecar-ecs-perisco-logs-_"), (indices, IndexTemplate.NameOf("ecs", indices)));
        Assert.NotEqual(IndexTemplate.NameOf("ecs", indices), IndexTemplate.NameOf("ecs", IndexPattern.Parse("other-%{+yyyy}").Wildcard));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Records")]
    [InlineData("-a")]
    [InlineData("_a")]
    [InlineData("a b")]
    [InlineData("a*")]
    [InlineData("a\"")]
    [InlineData("a%b")]
    [InlineData("a-%{+yyyy")]
    [InlineData("a-%{user}")]
    [InlineData("a-%{+}")]
    [InlineData("a-%{+yyyy/MM}")]
    [InlineData("a-%{+MMM}")]
    public void Pattern_ThatIsNone_IsRefused(string pattern) => Assert.Throws<FormatException>(() => IndexPattern.Parse(pattern));

    [Theory]
    [InlineData("""{"errors":false,"items":[]}""", 3, "", 0)]
    [InlineData("""{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":429}},{"create":{"status":503}}]}""", 3, "1 2", 0)]
    [InlineData("""{"errors":true,"items":[{"create":{"status":409}},{"create":{"status":400,"error":{"type":"t","reason":"r"}}},{"create":{"status":404,"error":"old"}}]}""", 3, "", 2)]
    public void Answer_SaysWhatToSendAgain(string json, int count, string again, int refused)
    {
        var answer = BulkAnswer.Parse(Encoding.UTF8.GetBytes(json), count);
        Assert.Equal((again, refused), (string.Join(' ', answer.Again), answer.Refused));
        Assert.Equal(refused > 0 ? "400 t: r" : null, answer.Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"errors":"yes"}""")]
    [InlineData("""{"errors":true}""")]
    [InlineData("""{"errors":true,"items":[]}""")]
    [InlineData("""{"errors":true,"items":[{}]}""")]
    [InlineData("""{"errors":true,"items":[{"create":1}]}""")]
    [InlineData("""{"errors":true,"items":[{"create":{"status":"x"}}]}""")]
    [InlineData("""{"errors":true,"items":[[]]}""")]
    public void Answer_ThatIsNone_SaysSo(string json) => Assert.Throws<FormatException>(() => BulkAnswer.Parse(Encoding.UTF8.GetBytes(json), 1));

    [Fact]
    public void Answer_CutOrChangedAnywhere_NeverThrowsOtherwise()
    {
        var whole = Encoding.UTF8.GetBytes("""{"errors":true,"items":[{"create":{"status":400,"error":{"type":"t","reason":"r"}}},{"create":{"status":429}}]}""");
        var random = new Random(3);
        for (var round = 0; round < 5000; round++)
        {
            var changed = whole[..random.Next(whole.Length + 1)];
            for (var k = random.Next(3); k > 0 && changed.Length > 0; k--)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            try
            {
                BulkAnswer.Parse(changed, 2);
            }
            catch (FormatException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public void Batch_KeepsIdsWhenPartsAreSentAgain()
    {
        var batch = BulkBatch.Of("i", new LineBatch("{}\n{}\n{}\n"u8.ToArray(), 3, 0xabc, 254, DateTimeOffset.UnixEpoch));

        const string source = "0000000000000abc";
        Assert.Equal([$"{source}-fe", $"{source}-ff", $"{source}-100"], Ids(batch));
        Assert.Equal([$"{source}-ff"], Ids(batch.Only([1])));
        var (first, second) = batch.Halves();
        Assert.Equal([$"{source}-ff", $"{source}-100", $"{source}-fe"], Ids(second.And(first)));
    }

    [Theory]
    [InlineData("""{"timestamp":"2026-11-25T12:00:00.000001Z","a":1}""", "2026-11-25T12:00:00.000001Z")]
    [InlineData("""{"ts":{"seconds":1764072000,"nanos":7},"pid":1}""", "2025-11-25T12:00:00.000000007Z")]
    [InlineData("""{"ts":{"seconds":1764072000},"pid":1}""", "2025-11-25T12:00:00.000000000Z")]
    [InlineData("""{"ts":{},"pid":1}""", "1970-01-01T00:00:00.000000000Z")]
    public void StreamDocument_CopiesTheTimeWithWhichARecordBegins(string record, string time)
    {
        var body = new ArrayBufferWriter<byte>();
        StreamDocument.Write(body, Encoding.UTF8.GetBytes(record + "\n"));

        Assert.Equal($$"""{"@timestamp":"{{time}}",{{record[1..]}}""" + "\n", Encoding.UTF8.GetString(body.WrittenSpan));
    }

    [Fact]
    public void StreamDocument_ThatHasTheTime_StaysAsItIs()
    {
        var body = new ArrayBufferWriter<byte>();
        StreamDocument.Write(body, """{"@timestamp":"2026-11-25T12:00:00Z"}"""u8);

        Assert.Equal("""{"@timestamp":"2026-11-25T12:00:00Z"}""", Encoding.UTF8.GetString(body.WrittenSpan));
    }

    [Theory]
    [InlineData("""{"n":1,"t":"2026-11-25T12:00:00.123456789Z","d":"2026-11-25","ip":"2001:db8::1","b":true,"k":"x","o":{"x.y":[{}]},"a":{"n":["1",2]},"a.n":3}""", "")]
    [InlineData("""{"n":"x"}""", """.n: "x" is no long""")]
    [InlineData("""{"n":1.5}""", ".n: 1.5 is no long")]
    [InlineData("""{"n":9223372036854775808}""", ".n: 9223372036854775808 is no long")]
    [InlineData("""{"n":true}""", ".n: true is no long")]
    [InlineData("""{"n":{"x":1}}""", ".n is an object, and not a long")]
    [InlineData("""{"t":"25.11.2026"}""", """.t: "25.11.2026" is no date_nanos""")]
    [InlineData("""{"t":"2300-01-01T00:00:00Z"}""", """.t: "2300-01-01T00:00:00Z" is no date_nanos""")]
    [InlineData("""{"d":17}""", ".d: 17 is no date")]
    [InlineData("""{"ip":"10.0.0.1:80"}""", """.ip: "10.0.0.1:80" is no ip""")]
    [InlineData("""{"ip":"1"}""", """.ip: "1" is no ip""")]
    [InlineData("""{"b":"yes"}""", """.b: "yes" is no boolean""")]
    [InlineData("""{"a":1}""", ".a is a value, and not an object")]
    [InlineData("""{"a":{"m":1}}""", ".a.m has no field")]
    [InlineData("""{"a..n":1}""", ".a..n has an empty part")]
    [InlineData("""{"new":1}""", ".new has no field")]
    public void Mapping_OfATemplate_FindsEveryMistake(string document, string mistake)
    {
        var mapping = new IndexMapping(JsonNode.Parse("""
            {"dynamic":false,"properties":{"n":{"type":"long"},"t":{"type":"date_nanos"},"d":{"type":"date"},"ip":{"type":"ip"},"b":{"type":"boolean"},"k":{"type":"keyword"},
             "o":{"type":"object","enabled":false},"a":{"properties":{"n":{"type":"long"}}}}}
            """)!);

        Assert.Equal(mistake, string.Join('|', mapping.MistakesIn(JsonNode.Parse(document)!)));
        // The server takes what it does not know.
        Assert.Equal(mistake.EndsWith("has no field", StringComparison.Ordinal) ? null : mistake, mapping.RefusalOf(JsonNode.Parse(document)!) ?? (mistake.Length == 0 ? "" : null));
    }

    private static IEnumerable<string> Ids(BulkBatch batch) =>
        Encoding.UTF8.GetString(batch.Body(isStream: false)).TrimEnd('\n').Split('\n').Chunk(2).Select(pair => JsonDocument.Parse(pair[0]).RootElement.GetProperty("create").GetProperty("_id").GetString()!);
}
