using VideoApi.Media;
using Xunit;

namespace Workload.Tests.VideoApi.Media;

public class MediaPathTests
{
    [Theory]
    [InlineData("/hls/film/0.ts", "film|0.ts")]
    [InlineData("/HLS/film/0.ts", "film|0.ts")]
    [InlineData("/hls/a b/ü?#&.ts", "a b|ü?#&.ts")]
    [InlineData("/hls/a..b/c..ts", "a..b|c..ts")]
    public void TrySplit_Names_AreSplit(string path, string names)
    {
        Assert.True(MediaPath.TrySplit(path, out var found));
        Assert.Equal(names, string.Join('|', found));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/hls")]
    [InlineData("/hls/")]
    [InlineData("/hlsx/a.ts")]
    [InlineData("/other/a.ts")]
    [InlineData("/hls//a.ts")]
    [InlineData("/hls/a/")]
    [InlineData("/hls/../a.ts")]
    [InlineData("/hls/a/./b.ts")]
    [InlineData("/hls/a/..")]
    [InlineData("/hls/.hidden/a.ts")]
    [InlineData("/hls/..%2fa.ts")]
    [InlineData("/hls/%2e%2e/a.ts")]
    [InlineData("/hls/..\\a.ts")]
    [InlineData("/hls/a\0.ts")]
    [InlineData("/hls/a\r\n.ts")]
    [InlineData("/hls/a\uFFFD.ts")]
    public void TrySplit_WhatIsNoMediaPath_IsRefused(string? path) => Assert.False(MediaPath.TrySplit(path, out _));

    [Fact]
    public void TrySplit_TooDeepOrTooLong_IsRefused()
    {
        Assert.True(MediaPath.TrySplit("/hls/" + string.Join('/', Enumerable.Repeat("a", 16)), out _));
        Assert.False(MediaPath.TrySplit("/hls/" + string.Join('/', Enumerable.Repeat("a", 17)), out _));
        Assert.False(MediaPath.TrySplit("/hls/" + new string('a', 256), out _));
    }

    [Theory]
    [InlineData("media.m3u8", "film|media.m3u8")]
    [InlineData("720p/media.m3u8?token=1", "film|720p|media.m3u8")]
    [InlineData("../other/media.m3u8", "other|media.m3u8")]
    [InlineData("/hls/x/a%20b.m3u8", "x|a b.m3u8")]
    public void TryResolve_WithinTheFolder_IsFound(string reference, string names)
    {
        Assert.True(MediaPath.TryResolve(["film", "master.m3u8"], reference, out var found));
        Assert.Equal(names, string.Join('|', found));
    }

    [Theory]
    [InlineData("http://elsewhere/hls/a.m3u8")]
    [InlineData("//elsewhere/hls/a.m3u8")]
    [InlineData("file:///etc/passwd")]
    [InlineData("../../secret.m3u8")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("..%2f..%2fsecret.m3u8")]
    [InlineData("%252e%252e/secret.m3u8")]
    [InlineData("http://")]
    public void TryResolve_OutOfTheFolder_IsRefused(string reference) =>
        Assert.False(MediaPath.TryResolve(["film", "master.m3u8"], reference, out _));

    [Fact]
    public void ToUrlPath_AnyNames_ComesBackThroughDecoding()
    {
        string[] names = ["a b", "ü?#&;+=\"'<>", "x.ts"];

        var path = MediaPath.ToUrlPath(names);

        Assert.DoesNotContain(path, c => c is ' ' or '?' or '#' or '"' or '<');
        Assert.True(MediaPath.TrySplit(Uri.UnescapeDataString(path), out var back));
        Assert.Equal(names, back);
    }
}
