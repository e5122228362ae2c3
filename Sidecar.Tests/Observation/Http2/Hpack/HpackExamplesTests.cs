using Sidecar.Observation;
using Sidecar.Observation.Http2.Hpack;
using Xunit;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Http2.Hpack;

/// <summary>Every example of RFC 7541, Appendix C, through the whole observer and however it is cut.</summary>
public sealed class HpackExamplesTests
{
    private const string First = "GET / [:scheme: http | :authority: www.example.com]";
    private const string Second = "GET / [:scheme: http | :authority: www.example.com | cache-control: no-cache]";
    private const string Third = "GET /index.html [:scheme: https | :authority: www.example.com | custom-key: custom-value]";
    private const string Found = "302 [cache-control: private | date: Mon, 21 Oct 2013 20:13:21 GMT | location: https://www.example.com]";
    private const string Redirect = "307 [cache-control: private | date: Mon, 21 Oct 2013 20:13:21 GMT | location: https://www.example.com]";

    private const string Fine = "200 [cache-control: private | date: Mon, 21 Oct 2013 20:13:22 GMT | location: https://www.example.com"
        + " | content-encoding: gzip | set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1]";

    [Theory]
    [InlineData(5, "0A", 10)]
    [InlineData(5, "FF9A0A", 1337)]
    [InlineData(8, "2A", 42)]
    public void Integers_OfC1_AreRead(int prefixBits, string hex, int expected)
    {
        ReadOnlySpan<byte> bytes = Convert.FromHexString(hex);
        Assert.True(HpackInteger.TryRead(ref bytes, prefixBits, out var value));
        Assert.Equal((expected, true), (value, bytes.IsEmpty));
    }

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", " ", " [custom-key: custom-header]", "BE")]
    [InlineData("040c2f73616d706c652f70617468", " /sample/path", " []", null)]
    [InlineData("100870617373776f726406736563726574", " ", " [password: secret]", null)]
    [InlineData("82", "GET ", " []", null)]
    public void Fields_OfC2_AreReadAndKeptWhereTheySaySo(string block, string start, string fields, string? again)
    {
        // What is kept has number 62; where nothing is, that is an error.
        var conversation = new Http2Conversation().Client(HeaderBlock(1, Convert.FromHexString(block), ends: true)).Server(Headers(1, true, ":status: 200"))
            .Client(HeaderBlock(3, Convert.FromHexString(again ?? "BE"), ends: true));
        if (again is null)
            conversation.FailsFor("a broken header block");
        else
            conversation.IsSeenAs($"{start}{fields} > 200 [] Completed", $"{start}{fields} > - Unmatched");
        Assert.Equal($"{start}{fields} > 200 [] Completed", conversation.See(5)[0]);
    }

    [Theory]
    [InlineData("828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")]
    [InlineData("828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")]
    public void Requests_OfC3AndC4_AreRead(params string[] blocks)
    {
        var conversation = new Http2Conversation();
        for (var i = 0; i < 3; i++)
            conversation.Client(HeaderBlock((2 * i) + 1, Convert.FromHexString(blocks[i]), ends: true));
        conversation.IsSeenAs($"{First} > - Unmatched", $"{Second} > - Unmatched", $"{Third} > - Unmatched");
        Assert.Equal(164, TableAfter(4096, blocks));
    }

    [Theory]
    [InlineData(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31")]
    [InlineData(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")]
    public void Responses_OfC5AndC6_AreReadFromATableOf256Bytes(params string[] blocks)
    {
        // The client's setting comes before its requests; the server's first block says that it uses it.
        var conversation = new Http2Conversation().Client(Settings((1, 256))).Server(SettingsAck());
        for (var i = 0; i < 3; i++)
        {
            byte[] block = [.. i == 0 ? HpackWriter.Integer(5, 0x20, 256) : [], .. Convert.FromHexString(blocks[i])];
            conversation.Client(Headers((2 * i) + 1, true, ":method: GET", $":path: /{i}")).Server(HeaderBlock((2 * i) + 1, block, ends: true));
        }

        conversation.IsSeenAs($"GET /0 [] > {Found} Completed", $"GET /1 [] > {Redirect} Completed", $"GET /2 [] > {Fine} Completed");
        Assert.Equal(215, TableAfter(256, blocks));
    }

    private static int TableAfter(int size, string[] blocks)
    {
        var decoder = new HpackDecoder(maxListBytes: 10_000, Unshared.Account());
        var head = new MessageHeads(10_000, Unshared.Account()).Rent();
        Assert.Null(decoder.Decode(HpackWriter.Integer(5, 0x20, size), head));
        Assert.All(blocks, block => Assert.Null(decoder.Decode(Convert.FromHexString(block), head)));
        var used = decoder.TableBytes;
        decoder.Release();
        head.Release();
        return used;
    }
}
