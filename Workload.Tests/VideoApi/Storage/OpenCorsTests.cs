using System.Net;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

public class OpenCorsTests(StorageFixture storage) : IClassFixture<StorageFixture>
{
    [Theory]
    [InlineData(200, "/hls/film/0.ts", "GET", "X-Nothing: 1")]
    [InlineData(200, "/catalog.json", "GET", "X-Nothing: 1")]
    [InlineData(206, "/hls/film/0.ts", "GET", "Range: bytes=0-1")]
    [InlineData(304, "/hls/film/0.ts", "GET", "If-None-Match: *")]
    [InlineData(404, "/hls/film/missing.ts", "GET", "X-Nothing: 1")]
    [InlineData(404, "/nowhere", "GET", "X-Nothing: 1")]
    [InlineData(405, "/hls/film/0.ts", "DELETE", "X-Nothing: 1")]
    [InlineData(412, "/hls/film/0.ts", "GET", "If-Match: \"other\"")]
    [InlineData(416, "/hls/film/0.ts", "GET", "Range: bytes=200000-")]
    public async Task EveryAnswer_AllowsEveryOrigin(int status, string path, string method, string header)
    {
        var answer = await RawHttp.SendAsync(storage.App.Url, path, method, header + "\r\n");

        Assert.Equal(status, answer.Status);
        Assert.Equal("*", answer.Headers["Access-Control-Allow-Origin"]);
        Assert.Contains("Content-Range", answer.Headers["Access-Control-Expose-Headers"]);
        Assert.Contains("ETag", answer.Headers["Access-Control-Expose-Headers"]);
    }

    [Fact]
    public async Task Preflight_RangeRequest_IsAllowed()
    {
        using var answer = await storage.SendAsync("/hls/film/0.ts", HttpMethod.Options,
            ("Origin", "http://player.example"), ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "range"));

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("GET", answer.Headers.GetValues("Access-Control-Allow-Methods").Single());
        Assert.Contains("Range", answer.Headers.GetValues("Access-Control-Allow-Headers").Single());
    }

    [Fact]
    public async Task Failure_OfTheFolder_Is500AndAllowsEveryOrigin()
    {
        var folder = Films.Create();
        await using var failing = await RunningApp.StorageAsync(folder.Root);
        folder.Dispose();

        using var answer = await failing.Http.GetAsync("/catalog.json", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }
}
