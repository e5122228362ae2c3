using Demo.Verification;
using Testing;
using Workload.Tests.VideoApi.Browser;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.EndToEnd;

[SystemTest]
public sealed class BrowserBehindThePairTests : IDisposable
{
    private static readonly string[] OwnPorts = ["--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"];

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Chromium_FrontendBehindThePair_PlaysWhatCrossedBothSidecars()
    {
        await using var storage = await RunningApp.StorageAsync(Repository.Clips);
        await using var backend = await RunningApp.BackendAsync(storage.Url);
        await using var oracle = ProgramProcess.Start("Oracle", "--listen", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0",
            "--audit-log", "off", "--policy", _folder.Write("policy.yml", "default: random\n"));
        var question = (await oracle.ErrorLineAsync("Questions are answered on ")).Split("answered on ")[1].Split(',')[0];
        await using var p2 = Sidecar("p2", backend.Url.Port, question);
        await using var p1 = Sidecar("p1", await p2.ListenerPortAsync(), question);
        await using var frontend = await RunningApp.FrontendAsync(new Uri($"http://127.0.0.1:{await p1.ListenerPortAsync()}"));

        var media = await VideoViewer.WatchAsync(frontend.Url);

        Assert.Contains("/hls/clock/master.m3u8", media);
        foreach (var sidecar in new[] { p1, p2 })
        {
            var page = await _http.GetStringAsync(
                new Uri($"http://127.0.0.1:{await sidecar.EndpointPortAsync("metrics")}/metrics"), TestContext.Current.CancellationToken);
            // The shortest way to play two seconds is the playlists and a first segment of each kind.
            Assert.InRange(new MetricsPage(page).Sum("sidecar_transform_bytes_total", "transform=\"xor\""), 100_000, double.MaxValue);
        }
    }

    private static ProgramProcess Sidecar(string role, int target, string oracle) => ProgramProcess.Start("Sidecar",
    [
        "--listen", "127.0.0.1:0", "--role", role, "--target", $"127.0.0.1:{target}", "--oracle", oracle, "--connection-records", "off", .. OwnPorts,
    ]);
}
