using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using VideoApi.Storage;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

public sealed class CatalogTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Get_MasterPlaylist_HasTitleAndDurationOfItsFirstVariant()
    {
        _folder.Write("film/master.m3u8", Films.Master);
        _folder.Write("film/media.m3u8", Films.Media);

        Assert.Equal([new CatalogEntry("film", "A film, with comma", 12.504, "/hls/film/master.m3u8")], await ScanAsync());
    }

    [Fact]
    public async Task Get_MediaPlaylistAlone_HasTheFoldersNameAsTitle()
    {
        _folder.Write("a film?/index.m3u8", Films.Media);
        _folder.Write("b/other.m3u8", "#EXTM3U\n#EXTINF:2,\n");
        _folder.Write("b/zz.m3u8", Films.Media);

        Assert.Equal(
            [
                new CatalogEntry("a film?", "a film?", 12.504, "/hls/a%20film%3F/index.m3u8"),
                new CatalogEntry("b", "b", 2, "/hls/b/other.m3u8"),
            ],
            await ScanAsync());
    }

    [Fact]
    public async Task Get_FoldersWithoutASoundPlaylist_AreLeftOut()
    {
        _folder.Write("broken/master.m3u8", "no playlist");
        _folder.Write("escaping/master.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:\n../../etc/passwd\n");
        _folder.Write("missing/master.m3u8", Films.Master);
        _folder.Write("nested/master.m3u8", "#EXTM3U\n#EXT-X-STREAM-INF:\nmaster.m3u8\n");
        _folder.Write("huge/master.m3u8", new byte[(4 << 20) + 1]);
        _folder.Write("empty/notes.txt", "");
        _folder.Write("per%cent/master.m3u8", Films.Media);
        _folder.Write(".hidden/master.m3u8", Films.Media);
        _folder.Write("loose.m3u8", Films.Media);
        _folder.Write("sound/playlist.m3u8", Films.Media);

        Assert.Equal(["sound"], (await ScanAsync()).Select(entry => entry.Id));
    }

    [Theory]
    [InlineData("a%b", "#EXTM3U\n#EXTINF:2,\n0.ts\n", "the folder a%b is not in the catalogue: its name cannot be served (no %, no \\, no control characters, no dot at the start)")]
    [InlineData("odd", "#EXTM3U\n#EXTINF:2,\n0.xyz\n", "the folder odd is not in the catalogue: index.m3u8: '0.xyz' is not of a served kind")]
    [InlineData("key", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"secret\"\n#EXTINF:2,\n0.ts\n", "the folder key is not in the catalogue: index.m3u8: 'secret' is not of a served kind")]
    [InlineData("map", "#EXTM3U\n#EXT-X-MAP:URI=\"i%25.mp4\"\n#EXTINF:2,\n0.ts\n", "the folder map is not in the catalogue: index.m3u8: 'i%25.mp4' is not in this folder, or its name cannot be served")]
    public async Task Get_VideoThatCannotBeServed_IsLeftOutAndTheLogSaysWhy(string folder, string playlist, string reason)
    {
        _folder.Write($"{folder}/index.m3u8", playlist);
        var log = new ErrorLog(LogLevel.Warning);
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));

        Assert.Empty(await new Catalog(new MediaFolder(_folder.Root), _clock, factory.CreateLogger<Catalog>()).GetAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith(reason, Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_LegalMedia_AreOfferedWhateverTheirEndingsCase()
    {
        _folder.Write("a/MASTER.M3U8", "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"s.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.M3U8\n");
        _folder.Write("a/v.M3U8", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"a.key\"\n#EXT-X-MAP:URI=\"i.cmfv\"\n#EXTINF:2,\n0.TS\nhttp://other.example/x\n");
        _folder.Write("a/s.m3u8", "#EXTM3U\n#EXTINF:2,\n0.aac\n1.mp3\n2.ac3\n3.ec3\n4.m4a\n5.cmfa\n6.webvtt\n7.m4v\n");

        Assert.Equal(["/hls/a/MASTER.M3U8"], (await ScanAsync()).Select(entry => entry.Playlist));
    }

    [Fact]
    public async Task Get_FolderChanged_IsSeenAfterASecond()
    {
        _folder.Write("a/master.m3u8", Films.Media);
        var catalog = Create();
        Assert.Single(await catalog.GetAsync(TestContext.Current.CancellationToken));

        _folder.Write("b/master.m3u8", Films.Media);
        Assert.Single(await catalog.GetAsync(TestContext.Current.CancellationToken));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await catalog.GetAsync(TestContext.Current.CancellationToken)).Count);
        Directory.Delete(_folder.File("a"), recursive: true);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["b"], (await catalog.GetAsync(TestContext.Current.CancellationToken)).Select(entry => entry.Id));
    }

    [Fact]
    public async Task Get_MoreFoldersThanTheLimit_StopsThere()
    {
        for (var i = 0; i < 1003; i++)
            _folder.Write($"{i:0000}/x.m3u8", "#EXTM3U\n");

        var entries = await ScanAsync();

        Assert.Equal(1000, entries.Count);
        Assert.Equal("0999", entries[^1].Id);
    }

    [Fact]
    public async Task Json_OfTheCatalog_HasTheDocumentedNames()
    {
        _folder.Write("film/master.m3u8", Films.Media);
        await using var storage = await RunningApp.StorageAsync(_folder.Root);

        Assert.Equal(
            """[{"id":"film","title":"film","duration":12.504,"playlist":"/hls/film/master.m3u8"}]""",
            await storage.Http.GetStringAsync("/catalog.json", TestContext.Current.CancellationToken));
    }

    private Task<IReadOnlyList<CatalogEntry>> ScanAsync() => Create().GetAsync(TestContext.Current.CancellationToken);

    private Catalog Create() => new(new MediaFolder(_folder.Root), _clock, NullLogger<Catalog>.Instance);
}
