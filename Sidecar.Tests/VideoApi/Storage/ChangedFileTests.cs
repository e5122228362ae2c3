using Sidecar.Tests.VideoApi.Support;
using Xunit;

namespace Sidecar.Tests.VideoApi.Storage;

public class ChangedFileTests
{
    [Fact]
    public async Task Get_FileOfSameLengthWrittenAnew_HasAnotherTag()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        using var before = await storage.Http.GetAsync("/hls/film/en.vtt", TestContext.Current.CancellationToken);

        var path = folder.Write("film/en.vtt", "WEBVTT ");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMilliseconds(5));
        using var after = await storage.Http.GetAsync("/hls/film/en.vtt", TestContext.Current.CancellationToken);

        Assert.Equal("WEBVTT ", await after.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.NotEqual(before.Headers.ETag, after.Headers.ETag);
    }
}
