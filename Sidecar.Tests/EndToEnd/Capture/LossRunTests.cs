using Processes;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support;
using Sidecar.Tests.Support.Peers;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Capture;

/// <summary>More traffic than <c>observe</c> can take: what it records has happened so, and it goes on behind what it has lost.</summary>
[SystemTest]
public sealed class LossRunTests : IDisposable
{
    private const int Count = 40_000;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ebpf")]
    [InlineData("packet")]
    public async Task Records_AndWhatWasLost_AreWhatWasSent(string source)
    {
        RootTools.Require("nginx", "h2load");
        await using var nginx = await Programs.NginxAsync();
        await using var observe = ProgramProcess.Start(
            "Sidecar", "observe", "--capture", source, "--capture-ports", $"{nginx.Port}", "--capture-buffer", "1MB",
            "--records", _folder.File("observed"), "--records-connection-rate", "off", "--records-client-rate", "off", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "off");
        var metrics = await observe.EndpointPortAsync("metrics");
        await observe.ErrorLineAsync("Capturing from");
        var addresses = _folder.Write("addresses", string.Join('\n', Enumerable.Range(0, Count).Select(i => $"http://127.0.0.1:{nginx.Port}/a?n={i}{new string('.', i % 97)}")) + "\n");
        await using var load = ProgramProcess.StartCommand("h2load", "-n", $"{Count}", "-c", "4", "--h1", "-m", "1", "-i", addresses);
        // As if it got no processor for a while: the packets of these exchanges have more bytes than the ring.
        for (var i = 0; i < 3; i++)
        {
            await PassAsync(nginx, 2000);
            observe.Signal(ProcessSignal.Stop);
            await PassAsync(nginx, 5000);
            observe.Signal(ProcessSignal.Continue);
        }

        Assert.Equal(0, await load.ExitCodeAsync());
        // A request behind all of them, on a connection of its own, comes last. While the ring is full, it is lost too.
        await Eventually.TrueAsync(async () =>
        {
            await Programs.RunAsync("curl", "curl", "-sS", $"http://127.0.0.1:{nginx.Port}/last");
            return ExchangeRecords.Read(_folder.File("observed")).Any(r => r.Url == "/last");
        });

        var sent = Programs.LogOf(nginx).Select(line => line.Split(' ')).Select(words => $"{words[0]} {words[1]} {words[2]} {words[4]}").ToList();
        Assert.Equal(Count, sent.Count(line => !line.StartsWith("GET /last ", StringComparison.Ordinal)));
        var different = sent.ToHashSet();
        var requests = sent.Select(line => line.Split(' ')[1]).ToHashSet();
        var records = ExchangeRecords.Read(_folder.File("observed"));
        var completed = records.Where(r => r.Outcome == "completed").Select(r => $"{r.Method} {r.Url} {r.Status} {r.ResponseBytes}").ToList();
        // None twice, for each connection asks for each address once; and each as nginx has logged it, with the length of its own answer.
        Assert.Equal(records.Count, records.Select(r => (r.ClientPort, r.Url)).Distinct().Count());
        Assert.Empty(completed.Except(different));
        // With an end that was lost: the request at least is one that was sent.
        Assert.All(records.Where(r => r.Outcome != "completed"), r => Assert.Contains(r.Url, requests));
        // Much was lost, and said so; much was recorded, although every connection has gaps.
        Assert.InRange(completed.Count, Count / 200, Count - 1000);
        using var http = new HttpClient();
        var page = await http.GetStringAsync($"http://127.0.0.1:{metrics}/metrics", TestContext.Current.CancellationToken);
        Assert.All(["sidecar_capture_packets_lost_total", "sidecar_capture_gaps_total"], name => Assert.Matches($"(?m)^{name} [1-9]", page));
        Assert.Contains(observe.Errors, line => line.Contains("packets were lost between the kernel and this program", StringComparison.Ordinal));
    }

    // Until nginx has logged more exchanges.
    private static async Task PassAsync(ServerProgram nginx, int count)
    {
        var goal = Math.Min(Programs.LogOf(nginx).Count + count, Count);
        await Eventually.TrueAsync(() => Programs.LogOf(nginx).Count >= goal);
    }
}
