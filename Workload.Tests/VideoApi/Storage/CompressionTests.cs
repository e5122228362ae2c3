using System.IO.Compression;
using System.Net;
using System.Text;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

public class CompressionTests(StorageFixture storage) : IClassFixture<StorageFixture>
{
    private const string Playlist = "/hls/film/media.m3u8";

    [Theory]
    [InlineData("gzip")]
    [InlineData("br, GZIP;q=0.5")]
    [InlineData("*")]
    [InlineData("deflate, *;q=0.1")]
    public async Task Playlist_GzipAccepted_IsCompressedWithAWeakTag(string accepted)
    {
        using var plain = await storage.SendAsync(Playlist);
        using var answer = await storage.SendAsync(Playlist, headers: [("Accept-Encoding", accepted)]);

        Assert.Equal("gzip", answer.Content.Headers.ContentEncoding.Single());
        Assert.Equal("application/vnd.apple.mpegurl", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("W/" + plain.Headers.ETag, answer.Headers.ETag!.ToString());
        Assert.Equal(Films.Media, await InflateAsync(answer));
    }

    [Theory]
    [InlineData("gzip;q=0")]
    [InlineData("gzip;q=0, *")]
    [InlineData("*;q=0")]
    [InlineData("br")]
    [InlineData("identity")]
    [InlineData("=;=")]
    public async Task Playlist_GzipNotAccepted_IsPlain(string accepted)
    {
        using var answer = await storage.SendAsync(Playlist, headers: [("Accept-Encoding", accepted)]);

        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.Equal(Films.Media, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Playlist_EitherWay_SaysThatTheEncodingVaries()
    {
        using var plain = await storage.SendAsync(Playlist);
        using var gzip = await storage.SendAsync(Playlist, headers: [("Accept-Encoding", "gzip")]);

        Assert.Equal("Accept-Encoding", plain.Headers.Vary.Single());
        Assert.Equal("Accept-Encoding", gzip.Headers.Vary.Single());
    }

    [Fact]
    public async Task Playlist_RangeWithGzipAccepted_IsARangeOfThePlainBytes()
    {
        using var answer = await storage.SendAsync(Playlist, headers: [("Accept-Encoding", "gzip"), ("Range", "bytes=0-6")]);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal("#EXTM3U", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Playlist_CompressedTag_Revalidates()
    {
        using var first = await storage.SendAsync(Playlist, headers: [("Accept-Encoding", "gzip")]);
        using var again = await storage.SendAsync(Playlist, headers: [("Accept-Encoding", "gzip"), ("If-None-Match", first.Headers.ETag!.ToString())]);

        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Playlist_HeadCompressed_HasTheLengthOfGet()
    {
        var head = await RawHttp.SendAsync(storage.App.Url, Playlist, "HEAD", "Accept-Encoding: gzip\r\n");
        var get = await RawHttp.SendAsync(storage.App.Url, Playlist, "GET", "Accept-Encoding: gzip\r\n");

        Assert.Equal("gzip", head.Headers["Content-Encoding"]);
        Assert.Equal(get.Headers["Content-Length"], head.Headers["Content-Length"]);
        Assert.Equal("", head.Body);
    }

    [Fact]
    public async Task Segment_GzipAccepted_IsPlain()
    {
        using var answer = await storage.SendAsync("/hls/film/0.ts", headers: [("Accept-Encoding", "gzip")]);

        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.Empty(answer.Headers.Vary);
    }

    private static async Task<string> InflateAsync(HttpResponseMessage answer)
    {
        await using var gzip = new GZipStream(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
