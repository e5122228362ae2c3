using System.Globalization;
using Processes;
using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

/// <summary>Files that change while they are sent, or between two requests.</summary>
public class ChangedFileTests
{
    // More than the sockets of three services hold, and no multiple of a copy's buffer: the file is still being read when it changes.
    private const int Length = (64 << 20) + 1000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_FileOfSameLengthWrittenAnew_HasAnotherTag()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        using var before = await storage.Http.GetAsync("/hls/film/en.vtt", Cancel);

        var path = folder.Write("film/en.vtt", "WEBVTT ");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMilliseconds(5));
        using var after = await storage.Http.GetAsync("/hls/film/en.vtt", Cancel);

        Assert.Equal("WEBVTT ", await after.Content.ReadAsStringAsync(Cancel));
        Assert.NotEqual(before.Headers.ETag, after.Headers.ETag);
    }

    [Theory]
    [InlineData("storage", "")]
    [InlineData("storage", "Range: bytes=1000-")]
    [InlineData("backend", "")]
    [InlineData("frontend", "")]
    [InlineData("frontend", "Range: bytes=1000-")]
    public async Task Get_FileGrowsMeanwhile_IsWholeAsItWas(string service, string range)
    {
        using var folder = new TempFolder();
        await using var services = await AllAsync(folder);
        using var answer = await BegunAnswer.GetAsync(services.Of(service), "/hls/film/g.ts", range, Cancel);

        await using (var writer = new FileStream(folder.File("film/g.ts"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
            await writer.WriteAsync(new byte[100_000], Cancel);

        var expected = range.Length == 0 ? Length : Length - 1000;
        Assert.Equal($"{expected}", answer.Headers["Content-Length"]);
        Assert.Equal((expected, false), await answer.CountRestAsync(Cancel));
    }

    [Theory]
    [InlineData("storage")]
    [InlineData("backend")]
    [InlineData("frontend")]
    public async Task Get_FileShrinksMeanwhile_EndsTheConnectionEarly(string service)
    {
        using var folder = new TempFolder();
        await using var services = await AllAsync(folder);
        using var answer = await BegunAnswer.GetAsync(services.Of(service), "/hls/film/g.ts", "", Cancel);

        await ShrinkAsync(folder);

        var (count, _) = await answer.CountRestAsync(Cancel);
        Assert.InRange(count, 1, Length - 1000);
    }

    [Fact]
    public async Task Get_FileShrinksMeanwhile_IsOneLineInTheLog()
    {
        using var folder = new TempFolder();
        await WriteAsync(folder);
        await using var storage = ProgramProcess.Start("VideoApi", "storage", "--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--folder", folder.Root);
        var listening = await storage.ErrorLineAsync("storage listens on ");
        using var answer = await BegunAnswer.GetAsync(new Uri(listening[(listening.LastIndexOf(' ') + 1)..]), "/hls/film/g.ts", "", Cancel);

        await ShrinkAsync(folder);
        await answer.CountRestAsync(Cancel);

        var line = await storage.ErrorLineAsync("/hls/film/g.ts");
        storage.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await storage.ExitCodeAsync());
        Assert.EndsWith($"/hls/film/g.ts: the answer was cut: the file had {Length} bytes and ends at {Length - 10_000_000} now", line, StringComparison.Ordinal);
        Assert.Equal([listening, line], storage.Errors);
    }

    [Fact]
    public async Task Get_PlaylistWrittenAllTheTime_IsAlwaysAWholeAnswer()
    {
        using var folder = Films.Create();
        await using var storage = await RunningApp.StorageAsync(folder.Root);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var path = folder.File("film/live.m3u8");
        await File.WriteAllTextAsync(path, "#EXTM3U\n", Cancel);
        var writing = Task.Run(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
                File.WriteAllText(path, "#EXTM3U\n" + new string('#', i % 3000 * 10));
        }, Cancel);

        try
        {
            for (var i = 0; i < 200; i++)
            {
                var answer = await RawHttp.SendAsync(storage.Url, "/hls/film/live.m3u8");
                Assert.Equal((200, answer.Headers["Content-Length"]), (answer.Status, answer.Body.Length.ToString(CultureInfo.InvariantCulture)));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }
    }

    private static async Task<Services> AllAsync(TempFolder folder)
    {
        await WriteAsync(folder);
        var storage = await RunningApp.StorageAsync(folder.Root);
        var backend = await RunningApp.BackendAsync(storage.Url);
        return new Services(storage, backend, await RunningApp.FrontendAsync(backend.Url));
    }

    // A file of zeros that takes no room.
    private static async Task WriteAsync(TempFolder folder)
    {
        await using var file = new FileStream(folder.Write("film/g.ts", ""), FileMode.Open);
        file.SetLength(Length);
    }

    private static async Task ShrinkAsync(TempFolder folder)
    {
        await using var file = new FileStream(folder.File("film/g.ts"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(Length - 10_000_000);
    }

    private sealed record Services(RunningApp Storage, RunningApp Backend, RunningApp Frontend) : IAsyncDisposable
    {
        public Uri Of(string name) => name switch { "storage" => Storage.Url, "backend" => Backend.Url, _ => Frontend.Url };

        public async ValueTask DisposeAsync()
        {
            await Frontend.DisposeAsync();
            await Backend.DisposeAsync();
            await Storage.DisposeAsync();
        }
    }
}
