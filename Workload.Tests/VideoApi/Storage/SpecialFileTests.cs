using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

/// <summary>What has the name of a media file and is none: opening a FIFO would block a thread until somebody writes.</summary>
public sealed class SpecialFileTests
{
    [Fact]
    public async Task Get_Fifo_Is404AtOnceAndItsFolderIsNoVideo()
    {
        using var folder = new TempFolder();
        folder.Write("film/1.ts", "regular");
        foreach (var name in new[] { "film/0.ts", "film/master.m3u8" })
            await Run.WellAsync("mkfifo", folder.File(name));

        await using var storage = await RunningApp.StorageAsync(folder.Root);

        Assert.Equal(404, (await RawHttp.SendAsync(storage.Url, "/hls/film/0.ts")).Status);
        Assert.Equal(404, (await RawHttp.SendAsync(storage.Url, "/hls/film/master.m3u8")).Status);
        Assert.Equal("regular", await storage.Http.GetStringAsync("/hls/film/1.ts", TestContext.Current.CancellationToken));
        Assert.Equal("[]", await storage.Http.GetStringAsync("/catalog.json", TestContext.Current.CancellationToken));
    }
}
