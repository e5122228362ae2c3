using Demo.Verification;
using Xunit;

namespace Workload.Tests.Demo;

public sealed class HlsPlaylistTests
{
    [Fact]
    public void References_OfAMasterPlaylist_AreRenditionsAndMedia()
    {
        var references = HlsPlaylist.References("""
            #EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English, plain",URI="subtitles/en.m3u8"
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud",NAME="muxed in"
            #EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="avc1.42c015,mp4a.40.2",SUBTITLES="subs"
            180p/playlist.m3u8
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI="iframes.m3u8"

            #EXT-X-STREAM-INF:BANDWIDTH=900000
            360p/playlist.m3u8
            """);

        Assert.Equal(["subtitles/en.m3u8", "180p/playlist.m3u8", "iframes.m3u8", "360p/playlist.m3u8"], references);
    }

    [Fact]
    public void References_OfAMediaPlaylist_AreSegmentsAndWhatTheyNeed()
    {
        var references = HlsPlaylist.References(
            "#EXTM3U\r\n#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"800@0\"\r\n#EXT-X-KEY:METHOD=AES-128,URI=\"key?id=1,2\"\r\n"
            + "#EXTINF:2.000,\r\n00.m4s\r\n#EXTINF:2.000,title\r\n01.m4s\r\n# a comment: URI=\"no\"\r\n#EXT-X-BYTERANGE:10@0\r\n00.m4s\r\n#EXT-X-ENDLIST\r\n");

        Assert.Equal(["init.mp4", "key?id=1,2", "00.m4s", "01.m4s"], references);
    }

    [Theory]
    [InlineData("#EXT-X-MEDIA:NAME=\"x,URI=\",GROUP-ID=\"g\"")]
    [InlineData("#EXT-X-MEDIA:X-URI=\"other\"")]
    [InlineData("#EXT-X-MEDIA:URI=\"unfinished")]
    [InlineData("#EXTINF:2,URI=none")]
    public void References_OfTagsWithoutAUriAttribute_AreNone(string line) =>
        Assert.Empty(HlsPlaylist.References("#EXTM3U\n" + line));

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("\n#EXTM3U")]
    [InlineData("#EXTM3U8")]
    public void References_OfAnotherText_AreRefused(string text) =>
        Assert.Throws<FormatException>(() => HlsPlaylist.References(text));

    [Theory]
    [InlineData(",URI=")]
    [InlineData("URI=")]
    [InlineData("\"\"")]
    public void References_OfAHostileLine_EndInTime(string part) =>
        Assert.Empty(HlsPlaylist.References("#EXTM3U\n#EXT-X-MEDIA:" + string.Concat(Enumerable.Repeat(part, 100_000)) + "\""));
}
