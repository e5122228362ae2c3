using System.Net;
using Testing.Peers;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Forwarding;

/// <summary>The passage against storages that do odd things.</summary>
public class HlsForwarderTests
{
    private const string File = "/hls/film/0.ts";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Body_FirstPieceOfMany_ArrivesBeforeTheRestIsSent()
    {
        var rest = new TaskCompletionSource();
        await using var storage = new ScriptedServer(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            await rest.Task;
            await request.SendAsync("later");
        });
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        using var answer = await backend.Http.GetAsync(File, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        var bytes = new byte[10];
        await body.ReadExactlyAsync(bytes.AsMemory(0, 5), Cancellation);
        rest.SetResult();
        await body.ReadExactlyAsync(bytes.AsMemory(5), Cancellation);

        Assert.Equal("firstlater"u8, bytes);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonly \r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonly \r\nnonsense\r\n")]
    public async Task Body_BreaksOff_IsBrokenForTheClientToo(string start)
    {
        await using var storage = new ScriptedServer(async request =>
        {
            await request.SendAsync(start);
            request.Stream.Close();
        });
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        var error = await Record.ExceptionAsync(() => backend.Http.GetByteArrayAsync(File, Cancellation));

        Assert.True(error is HttpRequestException or IOException, $"{error}");
    }

    [Fact]
    public async Task Client_Leaves_TheConnectionBehindIsClosed()
    {
        var closed = new TaskCompletionSource<bool>();
        await using var storage = new ScriptedServer(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nstart");
            closed.SetResult(await request.WaitForCloseAsync());
        });
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        using (var answer = await backend.Http.GetAsync(File, HttpCompletionOption.ResponseHeadersRead, Cancellation))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        Assert.True(await closed.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
    }

    [Fact]
    public async Task Headers_OfOneConnectionOrOfNoUse_StayBehind()
    {
        await using var storage = new ScriptedServer(request => request.SendAsync(
            "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=1\r\nX-Hop: 1\r\nProxy-Authenticate: Basic\r\nTrailer: X\r\n"
            + "Upgrade: h2c\r\nServer: inner\r\nSet-Cookie: a=b\r\nX-Other: 1\r\nETag: \"kept\"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        var answer = await RawHttp.SendAsync(backend.Url, File, "GET",
            "Authorization: Basic eA==\r\nCookie: a=b\r\nTE: trailers\r\nUpgrade: h2c\r\nKeep-Alive: 9\r\nX-Other: 1\r\nForwarded: for=x\r\nRange: bytes=0-\r\n");

        Assert.Equal(["Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Connection", "Date", "ETag", "Transfer-Encoding"], answer.Headers.Keys.Order());
        Assert.Equal("close", answer.Headers["Connection"]);
        var sent = storage.Heads.Single().Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(':')[0]);
        Assert.Equal(["Host", "Range"], sent.Order());
    }

    [Theory]
    [InlineData("/hls/../catalog.json")]
    [InlineData("/hls/%2e%2e/catalog.json")]
    [InlineData("/hls/..%2fcatalog.json")]
    [InlineData("/hls/%252e%252e/catalog.json")]
    [InlineData("/hls/..\\catalog.json")]
    [InlineData("/hls/film/..%5c..%5ccatalog.json")]
    [InlineData("/hls//other/0.ts")]
    [InlineData("/hls/.git/0.ts")]
    public async Task Path_ThatLeadsOut_NeverReachesTheStorage(string target)
    {
        await using var storage = new ScriptedServer(request => request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        var answer = await RawHttp.SendAsync(backend.Url, target);

        Assert.Equal(404, answer.Status);
        Assert.Empty(storage.Targets);
    }

    [Fact]
    public async Task Storage_Away_Is502WithTheReason()
    {
        using var port = new RefusingPort();
        await using var backend = await RunningApp.BackendAsync(port.Url);

        using var answer = await backend.Http.GetAsync(File, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("""{"error":"the storage cannot be reached: Connection refused"}""", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("", "the storage closed the connection without an answer")]
    [InlineData("garbage\r\n\r\n", "the storage gave no valid HTTP answer")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "the storage answered 302; redirects are not followed")]
    public async Task Storage_NoUsableAnswer_Is502WithTheReason(string answered, string reason)
    {
        await using var storage = new ScriptedServer(async request =>
        {
            await request.SendAsync(answered);
            request.Stream.Close();
        });
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        using var answer = await backend.Http.GetAsync(File, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal($$"""{"error":"{{reason}}"}""", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.False(answer.Headers.Contains("Location"));
    }

    [Fact]
    public async Task Requests_OneAfterTheOther_ShareAConnection()
    {
        await using var storage = new ScriptedServer(request => request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        await using var backend = await RunningApp.BackendAsync(storage.Url);

        for (var i = 0; i < 3; i++)
            Assert.Equal("ok", await backend.Http.GetStringAsync(File, Cancellation));

        Assert.Equal(1, storage.Connections);
    }
}
