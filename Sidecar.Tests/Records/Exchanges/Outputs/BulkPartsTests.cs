using System.Text;
using System.Text.Json;
using Sidecar.Records.Exchanges.Outputs.Elasticsearch;
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
        var batch = BulkBatch.Of("i", """{"a":1}|{"a":2}|{"a":3}|"""u8.ToArray().Select(b => b == '|' ? (byte)'\n' : b).ToArray(), 3, "p", 254);

        Assert.Equal(["p-fe", "p-ff", "p-100"], Ids(batch));
        Assert.Equal(["p-ff"], Ids(batch.Only([1])));
        var (first, second) = batch.Halves();
        Assert.Equal(["p-ff", "p-100", "p-fe"], Ids(second.And(first)));
    }

    private static IEnumerable<string> Ids(BulkBatch batch) =>
        Encoding.UTF8.GetString(batch.Body()).TrimEnd('\n').Split('\n').Chunk(2).Select(pair => JsonDocument.Parse(pair[0]).RootElement.GetProperty("create").GetProperty("_id").GetString()!);
}
