using System.Net;
using System.Text.Json;
using Testing;
using Testing.Peers;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Frontend;

[SystemTest]
public sealed class AssetsTests : IAsyncLifetime
{
    private readonly RefusingPort _backend = new();
    private RunningApp? _frontend;

    public async ValueTask InitializeAsync() => _frontend = await RunningApp.FrontendAsync(_backend.Url);

    public async ValueTask DisposeAsync()
    {
        await _frontend!.DisposeAsync();
        _backend.Dispose();
    }

    [Theory]
    [InlineData("hls.min.js", "text/javascript")]
    [InlineData("hls.worker.js", "text/javascript")]
    [InlineData("player.js", "text/javascript")]
    [InlineData("site.css", "text/css")]
    [InlineData("icon.svg", "image/svg+xml")]
    [InlineData("hls.LICENSE.txt", "text/plain")]
    public async Task Get_Asset_IsServedWithItsType(string name, string type)
    {
        using var answer = await _frontend!.Http.GetAsync($"/assets/{name}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Player_HlsLibrary_IsThePinnedVersion()
    {
        var package = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "VideoApi", "Frontend", "assets", "package.json"), TestContext.Current.CancellationToken);
        var version = JsonDocument.Parse(package).RootElement.GetProperty("dependencies").GetProperty("hls.js").GetString()!;

        Assert.Matches("^[0-9]+[.][0-9]+[.][0-9]+$", version);
        Assert.Contains($"\"{version}\"", await _frontend!.Http.GetStringAsync("/assets/hls.min.js", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task LockFile_HasHashesAndNoAddresses()
    {
        var text = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "VideoApi", "Frontend", "assets", "package-lock.json"), TestContext.Current.CancellationToken);
        var packages = JsonDocument.Parse(text).RootElement.GetProperty("packages").EnumerateObject().Where(package => package.Name.Length > 0).ToList();

        Assert.NotEmpty(packages);
        Assert.All(packages, package => Assert.StartsWith("sha512-", package.Value.GetProperty("integrity").GetString()));
        Assert.DoesNotContain("://", text);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nowhere")]
    [InlineData("/assets/player.js")]
    [InlineData("/hls/film/0.ts")]
    [InlineData("/healthz")]
    public async Task EveryAnswer_HasTheSecurityHeaders(string path)
    {
        using var answer = await _frontend!.Http.GetAsync(path, TestContext.Current.CancellationToken);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();

        Assert.StartsWith("default-src 'none'; script-src 'self'; ", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.DoesNotContain("*", policy);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
    }
}
