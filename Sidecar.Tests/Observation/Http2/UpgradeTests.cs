using Sidecar.Observation;
using Xunit;
using static Sidecar.Tests.Observation.Http2.Frames;

namespace Sidecar.Tests.Observation.Http2;

public sealed class UpgradeTests
{
    // SETTINGS_HEADER_TABLE_SIZE = 8192, then SETTINGS_MAX_CONCURRENT_STREAMS = 100.
    private const string Settings8192 = "AAEAACAAAAMAAABk";

    [Fact]
    public void Connection_ByUpgrade_AnswersItsFirstRequestOnStream1() => new Http2Conversation { WithTimes = true }
        .UpgradedFrom(First, Settings8192)
        .Server(Headers(1, false, ":status: 200", "a: b")).Client(Headers(3, true, ":method: GET", ":path: /3")).Server(Data(1, "x"u8, ends: true), Headers(3, true, ":status: 204"))
        .IsSeenAs("POST /first [host: x] Http11 > 200 [a: b] Completed 11 12 2 4", "GET /3 [] > 204 [] Completed 3 3 4 4");

    [Theory]
    [InlineData(Settings8192, 8192, null)]
    [InlineData(Settings8192 + "=", 8192, "broken settings in an upgrade")]
    [InlineData(Settings8192, 8193, "a header table larger than was allowed")]
    [InlineData("", 4096, null)]
    [InlineData("AAE", 4096, "broken settings in an upgrade")]
    [InlineData("?AEAACAA", 4096, "broken settings in an upgrade")]
    public void Settings_OfTheUpgrade_HoldForTheServersTable(string settings, int size, string? failure)
    {
        byte[] block = [.. Hpack.HpackWriter.Integer(5, 0x20, size), 0x88];
        var conversation = new Http2Conversation().UpgradedFrom(First, settings).Server(HeaderBlock(1, block, ends: true));
        if (failure is null)
            conversation.IsSeenAs("POST /first [host: x] Http11 > 200 [] Completed");
        else
            conversation.FailsFor(failure);
    }

    [Fact]
    public void Settings_OfAnyLength_AreBounded() => new Http2Conversation().UpgradedFrom(First, new string('A', 8000)).FailsFor("broken settings in an upgrade");

    [Fact]
    public void Request_ThatNobodyAnswers_IsStillReported() => new Http2Conversation().UpgradedFrom(First, "")
        .IsSeenAs("POST /first [host: x] Http11 > - Unmatched");

    // Its head is of the connection's time as HTTP/1.1; 101 was no answer to it.
    private static Exchange First()
    {
        var heads = new MessageHeads(limit: 64 * 1024, Unshared.Account());
        var head = heads.Rent();
        head.Version = HttpVersion.Http11;
        head.SetRequest("POST"u8, "/first"u8);
        head.Add("host"u8, "x"u8);
        return new Exchange(head, started: 11, requested: 12);
    }
}
