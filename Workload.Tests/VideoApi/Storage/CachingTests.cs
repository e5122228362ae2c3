using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

/// <summary>Only what is known not to change may be kept without asking again.</summary>
public sealed class CachingTests : IAsyncLifetime
{
    private const string Live = "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2,\n0.ts\n";
    private const string Finished = Live + "#EXT-X-ENDLIST\n";

    private readonly TempFolder _folder = new();
    private RunningApp? _storage;

    public async ValueTask InitializeAsync() => _storage = await RunningApp.StorageAsync(_folder.Root, time: LaterTime.Minute);

    public async ValueTask DisposeAsync()
    {
        await _storage!.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("0.ts", Finished, true)]
    [InlineData("init.mp4", Finished, true)]
    [InlineData("other.ts", Finished, false)]
    [InlineData("0.ts", Live, false)]
    [InlineData("0.ts", "no playlist\n0.ts\n#EXT-X-ENDLIST\n", false)]
    [InlineData("0.ts", null, false)]
    public async Task Get_Media_IsImmutableOnlyWhenAFinishedPlaylistNamesIt(string name, string? playlist, bool isImmutable)
    {
        Write(name, 0);
        if (playlist is not null)
            Write("index.m3u8", 1, playlist);

        Assert.Equal(isImmutable, (await CachingAsync(name)).Contains("immutable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_MediaWrittenAfterItsPlaylist_IsAskedForAgain()
    {
        Write("index.m3u8", 0, Finished);
        Write("0.ts", 1);

        Assert.Equal("no-cache", await CachingAsync("0.ts"));
        Assert.Equal("no-cache", await CachingAsync("0.ts", "Range: bytes=0-1\r\n", status: 206));
    }

    [Fact]
    public async Task Get_FilmEncodedAnew_IsNotImmutableUntilItsPlaylistIsThereAgain()
    {
        Write("0.ts", 0);
        Write("index.m3u8", 1, Finished);
        Assert.Contains("immutable", await CachingAsync("0.ts"), StringComparison.Ordinal);

        // An encoder that uses the names again; the storage looks once a second.
        Write("index.m3u8", 2, Live);
        Write("0.ts", 2);
        Assert.Equal("no-cache", await CachingAsync("0.ts"));

        Write("index.m3u8", 3, Finished);
        await Eventually.TrueAsync(async () => (await CachingAsync("0.ts")).Contains("immutable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_MediaOfARenditionBelow_IsImmutableByItsOwnPlaylistOrOneAbove()
    {
        Write("low/0.ts", 0);
        Write("low/index.m3u8", 1, Finished);
        Write("high/0.ts", 0);
        Write("all.m3u8", 1, "#EXTM3U\n#EXTINF:2,\nhigh/0.ts\n#EXT-X-ENDLIST\n");

        Assert.Contains("immutable", await CachingAsync("low/0.ts"), StringComparison.Ordinal);
        Assert.Contains("immutable", await CachingAsync("high/0.ts"), StringComparison.Ordinal);
    }

    // At so many seconds after the films of all other tests were written.
    private void Write(string name, int second, string content = "media") =>
        File.SetLastWriteTimeUtc(_folder.Write($"film/{name}", content), Films.Written.AddSeconds(second));

    private async Task<string> CachingAsync(string name, string header = "", int status = 200)
    {
        var answer = await RawHttp.SendAsync(_storage!.Url, $"/hls/film/{name}", "GET", header);
        Assert.Equal(status, answer.Status);
        return answer.Headers["Cache-Control"];
    }
}
