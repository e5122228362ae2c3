using System.Globalization;
using System.Net;
using System.Text.Json;
using Demo.Programs;
using Demo.Verification;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Seed;

/// <summary>
/// The command lines of the ancestor's manual, word for word but for program names, addresses and ports: each set of
/// programs shows its videos.
/// </summary>
public sealed class SeedCommandLineTests
{
    private static readonly string Clips = BuiltPrograms.Locate().Clips;
    private static readonly HttpClient Http = new();

    [Fact]
    public Task Simple() => ShowsItsVideosAsync("9000",
        "backend 9000 http://192.188.200.55",
        "frontend 8000 http://127.0.0.1:9000");

    [Fact]
    public Task OnlyOneProxy() => ShowsItsVideosAsync("45000",
        "backend 9000 http://192.188.200.55",
        "proxy 45000 127.0.0.1 9000 0.0.0.0 alone",
        "frontend 8000 http://127.0.0.1:45000");

    [Fact]
    public Task TwoSerialProxies() => ShowsItsVideosAsync("45000",
        "backend 9000 http://192.188.200.55",
        "proxy 45001 127.0.0.1 9000 0.0.0.0 server",
        "proxy 45000 127.0.0.1 45001 0.0.0.0 client",
        "frontend 8000 http://127.0.0.1:45000");

    // Without iptables the frontend names its proxy, and that one the backend's proxy; with them: the interception tests.
    [Fact]
    public Task VirtualMachines() => ShowsItsVideosAsync("45000",
        "backend 9000 http://192.188.200.55",
        "proxy 45001 127.0.0.1 9000",
        "proxy 45000 127.0.0.1 45001",
        "frontend 8000 http://127.0.0.1:45000");

    [Fact]
    public Task WithTheOracle() => ShowsItsVideosAsync("45000",
        "oracle 9100",
        "backend 9000 http://192.188.200.55",
        "proxy 45001 127.0.0.1 9000 127.0.0.1 9100 0.0.0.0 p2",
        "proxy 45000 127.0.0.1 45001 127.0.0.1 9100 0.0.0.0 p1",
        "frontend 8000 http://127.0.0.1:45000");

    private static async Task ShowsItsVideosAsync(string entrance, params string[] lines)
    {
        await using var programs = await SeedPrograms.StartAsync(["storage 9080 " + Clips, .. lines]);

        var index = await GetAsync(programs, "8000", "/");
        var player = await GetAsync(programs, "8000", "/video/clock");
        var playlist = await GetAsync(programs, "8000", "/hls/clock/master.m3u8");
        var videos = JsonDocument.Parse(await GetAsync(programs, entrance, "/api/videos")).RootElement;
        var missing = await Http.GetAsync(programs.At(entrance, "/api/videos/nowhere"), TestContext.Current.CancellationToken);

        Assert.Contains("/video/clock", index, StringComparison.Ordinal);
        Assert.Contains("<video", player, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Clips, "clock", "master.m3u8"), TestContext.Current.CancellationToken), playlist);
        Assert.Equal("clock", Assert.Single(videos.EnumerateArray()).GetProperty("ID").GetString());
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        var transform = lines.Any(line => line.StartsWith("oracle", StringComparison.Ordinal)) ? "not" : "idt";
        foreach (var sidecar in programs.Sidecars)
        {
            var port = (await sidecar.ErrorLineAsync("Serving metrics")).Split(':')[^1];
            var page = new MetricsPage(await Http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken));
            Assert.True(page.Sum("sidecar_connections_opened_total") > 0);
            Assert.True(page.Sum("sidecar_bytes_total", "direction=\"received\"", "peer=\"upstream\"") > playlist.Length);
            Assert.True(page.Sum("sidecar_transform_bytes_total", $"transform=\"{transform}\"") > playlist.Length);
        }
    }

    private static Task<string> GetAsync(SeedPrograms programs, string port, string path) =>
        Http.GetStringAsync(programs.At(port, path), TestContext.Current.CancellationToken);

    /// <summary>The programs of one row, on free ports.</summary>
    private sealed class SeedPrograms : IAsyncDisposable
    {
        private static readonly string[] Numbers = ["8000", "9000", "9080", "9100", "45000", "45001"];

        // The default port of metrics moves while another program has it, and moves back when that ends: perhaps during the test.
        private static readonly Dictionary<string, string> OwnMetrics = new() { ["SIDECAR__METRICS__ADDRESS"] = "127.0.0.1:0" };

        // A port is free when it is chosen; another program may be quicker.
        private const int Attempts = 3;

        private readonly Dictionary<string, string> _ports = [];
        private readonly List<ProgramProcess> _programs = [];
        private readonly List<ProgramProcess> _sidecars = [];

        public IReadOnlyList<ProgramProcess> Sidecars => _sidecars;

        public Uri At(string port, string path) => new($"http://127.0.0.1:{_ports[port]}{path}");

        public static async Task<SeedPrograms> StartAsync(string[] lines)
        {
            for (var attempt = 1; ; attempt++)
            {
                var programs = new SeedPrograms();
                try
                {
                    foreach (var line in lines)
                        await programs.StartAsync(line);
                    return programs;
                }
                catch (InvalidOperationException error) when (error.Message.Contains("the port is in use", StringComparison.Ordinal) && attempt < Attempts)
                {
                    await programs.DisposeAsync();
                }
                catch
                {
                    await programs.DisposeAsync();
                    throw;
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var program in _programs)
                await program.DisposeAsync();
        }

        private SeedPrograms()
        {
            using var free = new FreePorts();
            foreach (var number in Numbers)
                _ports[number] = free.Next().ToString(CultureInfo.InvariantCulture);
        }

        private async Task StartAsync(string line)
        {
            var words = line.Split(' ').Select(Local).ToArray();
            var (program, args, ready) = words[0] switch
            {
                "proxy" => ("Sidecar", words[1..], "Serving admin"),
                "oracle" => ("Oracle", words[1..], "Questions are answered"),
                _ => ("VideoApi", words, "listens on"),
            };
            var process = ProgramProcess.Start(program, OwnMetrics, args);
            _programs.Add(process);
            if (program == "Sidecar")
                _sidecars.Add(process);
            await process.ErrorLineAsync(ready);
        }

        private string Local(string word)
        {
            var colon = word.LastIndexOf(':') + 1;
            return word == "http://192.188.200.55" ? At("9080", "").AbsoluteUri.TrimEnd('/')
                : _ports.TryGetValue(word[colon..], out var port) ? word[..colon] + port
                : word;
        }
    }
}
