using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

/// <summary>No request target leads out of the folder. The secret has a name that would be served inside.</summary>
public sealed class EscapeTests : IAsyncLifetime
{
    private readonly TempFolder _outer = new();
    private RunningApp? _storage;

    public async ValueTask InitializeAsync()
    {
        _outer.Write("secret.ts", "SECRET");
        _outer.Write("private/secret.ts", "SECRET");
        _outer.Write("videos/film/0.ts", "public");
        File.CreateSymbolicLink(_outer.File("videos/film/link.ts"), _outer.File("secret.ts"));
        File.CreateSymbolicLink(_outer.File("videos/film/relative.ts"), "../../secret.ts");
        Directory.CreateSymbolicLink(_outer.File("videos/linked"), _outer.File("private"));
        _storage = await RunningApp.StorageAsync(_outer.File("videos"));
    }

    public async ValueTask DisposeAsync()
    {
        await _storage!.DisposeAsync();
        _outer.Dispose();
    }

    [Theory]
    [InlineData("/hls/../secret.ts")]
    [InlineData("/hls/film/../../secret.ts")]
    [InlineData("/hls/%2e%2e/secret.ts")]
    [InlineData("/hls/.%2e/secret.ts")]
    [InlineData("/hls/film/..%2f..%2fsecret.ts")]
    [InlineData("/hls/film/%2e%2e%2f%2e%2e%2fsecret.ts")]
    [InlineData("/hls/%252e%252e/secret.ts")]
    [InlineData("/hls/film/..%252f..%252fsecret.ts")]
    [InlineData("/hls/film/..\\..\\secret.ts")]
    [InlineData("/hls/film/..%5c..%5csecret.ts")]
    [InlineData("/hls/..%c0%afsecret.ts")]
    [InlineData("/hls/%c0%ae%c0%ae/secret.ts")]
    [InlineData("/hls/../secret.ts%00.ts")]
    [InlineData("/hls/film/0.ts%00")]
    [InlineData("/hls/..;/secret.ts")]
    [InlineData("/hls//secret.ts")]
    [InlineData("/hls/film/link.ts")]
    [InlineData("/hls/film/relative.ts")]
    [InlineData("/hls/linked/secret.ts")]
    [InlineData("http://storage/hls/../secret.ts")]
    [InlineData("../secret.ts")]
    public async Task Get_TargetThatLeadsOut_IsRefused(string target)
    {
        var answer = await RawHttp.SendAsync(_storage!.Url, target);

        Assert.True(answer.Status is 400 or 404, $"{target}: {answer.Status}");
        Assert.DoesNotContain("SECRET", answer.Body);
    }

    [Fact]
    public async Task Get_AbsolutePathOfTheSecret_IsRefused()
    {
        var answer = await RawHttp.SendAsync(_storage!.Url, "/hls/" + Uri.EscapeDataString(_outer.File("secret.ts")));
        var doubled = await RawHttp.SendAsync(_storage!.Url, "/hls/" + _outer.File("secret.ts"));

        Assert.Equal((404, 404), (answer.Status, doubled.Status));
    }

    [Fact]
    public async Task Get_FileInside_IsServed()
    {
        // Without this one, a storage that refuses everything would pass.
        var answer = await RawHttp.SendAsync(_storage!.Url, "/hls/film/0.ts");

        Assert.Equal((200, "public"), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Catalog_LinkedFolder_IsNotListed()
    {
        _outer.Write("private/master.m3u8", Films.Media);

        Assert.Equal("[]", await _storage!.Http.GetStringAsync("/catalog.json", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_FolderThatIsALinkItself_IsServed()
    {
        Directory.CreateSymbolicLink(_outer.File("current"), _outer.File("videos"));
        await using var storage = await RunningApp.StorageAsync(_outer.File("current"));

        Assert.Equal("public", await storage.Http.GetStringAsync("/hls/film/0.ts", TestContext.Current.CancellationToken));
    }
}
