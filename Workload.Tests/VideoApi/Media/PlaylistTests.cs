using VideoApi.Media;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Media;

public class PlaylistTests
{
    [Fact]
    public void Parse_MediaPlaylist_SumsSegments()
    {
        var playlist = Playlist.Parse(Films.Media);

        Assert.Equal(12.504, playlist.Duration.TotalSeconds, 6);
        Assert.Null(playlist.FirstVariant);
        Assert.Null(playlist.Title);
    }

    [Fact]
    public void Parse_MasterPlaylist_HasFirstVariantAndTitle()
    {
        var playlist = Playlist.Parse(Films.Master + "\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsecond.m3u8\n");

        Assert.Equal("media.m3u8", playlist.FirstVariant);
        Assert.Equal("A film, with comma", playlist.Title);
    }

    [Theory]
    [InlineData("#EXTM3U\r\n#EXTINF:4,\r\na.ts\r\n", 4)]
    [InlineData("#EXTM3U\n#EXTINF:4\na.ts", 4)]
    [InlineData("#EXTM3U\n#EXTINF:0.5,a,b,c\na.ts", 0.5)]
    [InlineData("#EXTM3U", 0)]
    [InlineData("#EXTM3U\n\n\n# a comment\n#EXT-X-UNKNOWN:1\n", 0)]
    public void Parse_AllowedForms_AreRead(string text, double seconds) =>
        Assert.Equal(seconds, Playlist.Parse(text).Duration.TotalSeconds, 6);

    [Theory]
    [InlineData("")]
    [InlineData("EXTM3U")]
    [InlineData("\n#EXTM3U")]
    [InlineData("#EXTM3U8")]
    [InlineData("#EXTM3U\n#EXTINF:,")]
    [InlineData("#EXTM3U\n#EXTINF:-1,")]
    [InlineData("#EXTM3U\n#EXTINF:NaN,")]
    [InlineData("#EXTM3U\n#EXTINF:Infinity,")]
    [InlineData("#EXTM3U\n#EXTINF:1e9,")]
    [InlineData("#EXTM3U\n#EXTINF:86401,")]
    [InlineData("#EXTM3U\n#EXTINF:1,5\n#EXTINF:0x10,")]
    [InlineData("#EXTM3U\n#EXTINF:99999999999999999999999999999999999999,")]
    public void Parse_Broken_IsRefused(string text) => Assert.Throws<FormatException>(() => Playlist.Parse(text));

    [Fact]
    public void Parse_SumOfManyLongSegments_IsRefused()
    {
        var text = "#EXTM3U\n" + string.Concat(Enumerable.Repeat("#EXTINF:86400,\n", 4000));

        Assert.Throws<FormatException>(() => Playlist.Parse(text));
    }

    [Fact]
    public void Parse_ErrorInLine_NamesTheLine() =>
        Assert.StartsWith("line 3:", Assert.Throws<FormatException>(() => Playlist.Parse("#EXTM3U\n#EXTINF:1,\n#EXTINF:x,")).Message);

    [Fact]
    public void Parse_CutAtEveryCharacter_EndsInResultOrFormatException()
    {
        foreach (var text in new[] { Films.Master, Films.Media })
        {
            for (var length = 0; length < text.Length; length++)
            {
                var error = Record.Exception(() => Playlist.Parse(text[..length]));
                Assert.True(error is null or FormatException, $"cut at {length}: {error}");
            }
        }
    }
}
