using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Forwarding;

/// <summary>Frontend, backend and storage, each for real: what comes out in front is what the storage said.</summary>
public sealed class ForwardedAnswerTests : IAsyncLifetime
{
    private static readonly string[] FrontendOnly =
        ["Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Date"];

    private readonly TempFolder _folder = Films.Create();
    private RunningApp? _storage, _backend, _frontend;

    public async ValueTask InitializeAsync()
    {
        _storage = await RunningApp.StorageAsync(_folder.Root);
        _backend = await RunningApp.BackendAsync(_storage.Url);
        _frontend = await RunningApp.FrontendAsync(_backend.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _frontend!.DisposeAsync();
        await _backend!.DisposeAsync();
        await _storage!.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("GET", "/hls/film/0.ts", "", 200)]
    [InlineData("GET", "/hls/film/media.m3u8", "", 200)]
    [InlineData("GET", "/hls/film/media.m3u8", "Accept-Encoding: gzip", 200)]
    [InlineData("GET", "/hls/film/0.ts?token=a%20b", "", 200)]
    [InlineData("GET", "/hls/film/0.ts", "Range: bytes=7-70000", 206)]
    [InlineData("GET", "/hls/film/0.ts", "Range: bytes=-5", 206)]
    [InlineData("GET", "/hls/film/0.ts", "Range: bytes=0-1\r\nIf-Range: \"other\"", 200)]
    [InlineData("GET", "/hls/film/0.ts", "Range: bytes=100000-", 416)]
    [InlineData("GET", "/hls/film/0.ts", "If-None-Match: *", 304)]
    [InlineData("GET", "/hls/film/0.ts", "If-Unmodified-Since: Fri, 01 Jan 2010 00:00:00 GMT", 412)]
    [InlineData("GET", "/hls/film/0.ts", "If-Match: \"other\"", 412)]
    [InlineData("GET", "/hls/film/missing.ts", "", 404)]
    [InlineData("HEAD", "/hls/film/0.ts", "", 200)]
    [InlineData("HEAD", "/hls/film/0.ts", "Range: bytes=0-9", 200)]
    [InlineData("HEAD", "/hls/film/media.m3u8", "Accept-Encoding: gzip", 200)]
    [InlineData("HEAD", "/hls/film/missing.ts", "", 404)]
    public async Task Answer_ThroughBoth_IsTheStorages(string method, string target, string header, int status)
    {
        var headers = header.Length > 0 ? header + "\r\n" : "";
        var direct = await RawHttp.SendAsync(_storage!.Url, target, method, headers);
        var forwarded = await RawHttp.SendAsync(_frontend!.Url, target, method, headers);

        Assert.Equal(status, direct.Status);
        Assert.Equal(status, forwarded.Status);
        Assert.Equal(direct.Body, forwarded.Body);
        Assert.Equal(Comparable(direct), Comparable(forwarded));
    }

    [Fact]
    public async Task Name_ThatNeedsEscaping_ArrivesAsItIs()
    {
        _folder.Write("ü & co?/#1 +.ts", "odd");

        Assert.Equal("odd", await _frontend!.Http.GetStringAsync("/hls/" + Uri.EscapeDataString("ü & co?") + "/" + Uri.EscapeDataString("#1 +.ts"), TestContext.Current.CancellationToken));
    }

    private static IEnumerable<string> Comparable(RawAnswer answer) =>
        answer.Headers.Where(header => !FrontendOnly.Contains(header.Key)).Select(header => $"{header.Key}: {header.Value}").Order();
}
