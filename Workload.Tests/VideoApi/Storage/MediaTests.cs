using System.Net;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

public class MediaTests(StorageFixture storage) : IClassFixture<StorageFixture>
{
    private const string Segment = "/hls/film/0.ts";

    [Theory]
    [InlineData("film/master.m3u8", "application/vnd.apple.mpegurl", "no-cache")]
    [InlineData("film/0.ts", "video/mp2t", "public, max-age=86400, immutable")]
    [InlineData("film/init.mp4", "video/mp4", "no-cache")]
    [InlineData("film/1.m4s", "video/iso.segment", "public, max-age=86400, immutable")]
    [InlineData("film/en.vtt", "text/vtt", "no-cache")]
    public async Task Get_EachKind_HasItsBytesTypeAndCaching(string name, string type, string caching)
    {
        using var answer = await storage.SendAsync($"/hls/{name}");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(string.Join(',', caching.Split(", ").Order()), string.Join(',', answer.Headers.GetValues("Cache-Control").Single().Split(", ").Order()));
        Assert.Equal(storage.File(name), await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("bytes", answer.Headers.AcceptRanges.Single());
        Assert.False(answer.Headers.ETag!.IsWeak);
        Assert.NotNull(answer.Content.Headers.LastModified);
    }

    [Theory]
    [InlineData("/hls/film/missing.ts")]
    [InlineData("/hls/film/notes.txt")]
    [InlineData("/hls/film/.hidden.ts")]
    [InlineData("/hls/film")]
    [InlineData("/hls/film/")]
    [InlineData("/hls/missing/0.ts")]
    [InlineData("/hls/film/0.ts/x.ts")]
    [InlineData("/hls/")]
    [InlineData("/")]
    public async Task Get_WhatIsNoMediaFile_Is404(string path)
    {
        using var answer = await storage.SendAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("immutable", answer.Headers.CacheControl?.ToString() ?? "");
    }

    [Fact]
    public async Task Head_File_HasTheHeadersOfGetAndNoBody()
    {
        var head = await RawHttp.SendAsync(storage.App.Url, Segment, "HEAD");
        var get = await RawHttp.SendAsync(storage.App.Url, Segment);

        Assert.Equal(200, head.Status);
        Assert.Equal("", head.Body);
        Assert.Equal("100000", head.Headers["Content-Length"]);
        Assert.Equal(get.Headers.Keys.Order(), head.Headers.Keys.Order());
    }

    [Fact]
    public async Task Head_WithARange_HasTheHeadersOfTheWholeFile()
    {
        var head = await RawHttp.SendAsync(storage.App.Url, Segment, "HEAD", "Range: bytes=0-4\r\n");

        Assert.Equal((200, "100000"), (head.Status, head.Headers["Content-Length"]));
        Assert.DoesNotContain("Content-Range", head.Headers.Keys);
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=99990-", 99_990, 10)]
    [InlineData("bytes=-7", 99_993, 7)]
    [InlineData("bytes=50000-200000", 50_000, 50_000)]
    public async Task Get_OneRange_Is206WithThoseBytes(string range, int start, int count)
    {
        using var answer = await storage.SendAsync(Segment, headers: [("Range", range)]);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {start}-{start + count - 1}/100000", answer.Content.Headers.ContentRange!.ToString());
        Assert.Equal(storage.File("film/0.ts")[start..(start + count)], await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_RangePastTheEnd_Is416WithTheLength()
    {
        using var answer = await storage.SendAsync(Segment, headers: [("Range", "bytes=100000-")]);

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal("bytes */100000", answer.Content.Headers.ContentRange!.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
    }

    [Theory]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("bytes=9-2")]
    [InlineData("lines=0-1")]
    [InlineData("nonsense")]
    public async Task Get_SeveralRangesOrNone_Is200Whole(string range)
    {
        using var answer = await storage.SendAsync(Segment, headers: [("Range", range)]);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(100_000, answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Get_IfNoneMatch_ComparesWeakly()
    {
        var tag = await TagAsync();

        foreach (var same in new[] { tag, "W/" + tag, $"\"x\", {tag}", $"\"x\",W/{tag}, \"y\"", "*" })
        {
            using var answer = await storage.SendAsync(Segment, headers: [("If-None-Match", same)]);
            Assert.True(answer.StatusCode == HttpStatusCode.NotModified, same);
            Assert.Equal(tag, answer.Headers.ETag!.ToString());
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        using var other = await storage.SendAsync(Segment, headers: [("If-None-Match", "\"other\"")]);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Get_IfMatch_ComparesStrongly()
    {
        var tag = await TagAsync();

        foreach (var (value, status) in new[] { (tag, 200), ("*", 200), ("W/" + tag, 412), ("\"other\"", 412) })
        {
            using var answer = await storage.SendAsync(Segment, headers: [("If-Match", value)]);
            Assert.Equal((value, status), (value, (int)answer.StatusCode));
            Assert.Equal(status >= 400, answer.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task Get_IfModifiedSince_ComparesDatesUnlessThereIsATag()
    {
        using var first = await storage.SendAsync(Segment);
        var date = first.Content.Headers.LastModified!.Value;

        using var same = await storage.SendAsync(Segment, headers: [("If-Modified-Since", date.ToString("R"))]);
        using var older = await storage.SendAsync(Segment, headers: [("If-Modified-Since", date.AddSeconds(-1).ToString("R"))]);
        using var tag = await storage.SendAsync(Segment, headers: [("If-Modified-Since", date.ToString("R")), ("If-None-Match", "\"other\"")]);

        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Equal(HttpStatusCode.OK, older.StatusCode);
        Assert.Equal(HttpStatusCode.OK, tag.StatusCode);
    }

    [Fact]
    public async Task Get_IfRange_GivesTheRangeOnlyOfTheSameFile()
    {
        using var first = await storage.SendAsync(Segment);
        var (tag, date) = (first.Headers.ETag!.ToString(), first.Content.Headers.LastModified!.Value);
        (string, int)[] cases =
        [
            (tag, 206), ("W/" + tag, 200), ("\"other\"", 200),
            (date.ToString("R"), 206), (date.AddSeconds(-1).ToString("R"), 200), (date.AddSeconds(1).ToString("R"), 200), ("xxx", 200), ("", 200),
        ];

        foreach (var (value, status) in cases)
        {
            using var answer = await storage.SendAsync(Segment, headers: [("Range", "bytes=0-9"), ("If-Range", value)]);
            Assert.Equal((value, status), (value, (int)answer.StatusCode));
        }
    }

    [Fact]
    public async Task Post_File_Is405()
    {
        using var answer = await storage.SendAsync(Segment, HttpMethod.Post);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow.Order());
    }

    [Fact]
    public async Task Get_Healthz_Is200()
    {
        using var answer = await storage.SendAsync("/healthz");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<string> TagAsync()
    {
        using var answer = await storage.SendAsync(Segment, HttpMethod.Head);
        return answer.Headers.ETag!.ToString();
    }
}
