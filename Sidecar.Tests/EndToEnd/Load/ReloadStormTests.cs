using System.Text.Json;
using Processes;
using Sidecar.Tests.EndToEnd.Observation;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Load;

/// <summary>Reload upon reload while connections come, go and stay: none breaks, and nothing is left of the generations.</summary>
public sealed class ReloadStormTests : IDisposable
{
    private const int Reloads = 200;

    // What the collector has not given back to the system yet: in the second storm a process grew by at most 10 MB. A generation that stays
    // has some 250 KB, all of them 50 MB.
    private const long MayGrow = 32L << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Reloads_UnderLoad_BreakNoConnectionAndLeaveNothing(string transport)
    {
        await using var one = await Programs.NginxAsync();
        await using var two = await Programs.NginxAsync();
        var file = Write(one.Port, extra: true);
        await using var sidecar = ProgramProcess.Start(
            "Sidecar", "--config", file, "--transport", transport, "--connection-records", "off", "--log-level", "info",
            "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0");
        var port = await sidecar.ListenerPortAsync();
        var admin = new AdminPort(await sidecar.EndpointPortAsync("admin"));
        // A first storm makes what stays: threads, buffers, compiled code.
        await StormAsync(sidecar, admin, port, one.Port, two.Port, Reloads / 2);
        await Eventually.TrueAsync(async () => (await admin.ConnectionsAsync()).Count == 0);
        var (descriptors, memory) = (Descriptors(sidecar.Id), ResidentMemory(sidecar.Id));

        await StormAsync(sidecar, admin, port, one.Port, two.Port, Reloads);

        await Eventually.TrueAsync(async () => (await admin.ConnectionsAsync()).Count == 0);
        // The connection to the admin port is one of them.
        await Eventually.TrueAsync(() => Descriptors(sidecar.Id) <= descriptors, () => $"{descriptors} descriptors before, {Descriptors(sidecar.Id)} after");
        TestContext.Current.TestOutputHelper?.WriteLine($"grew by {(ResidentMemory(sidecar.Id) - memory) >> 20} MB");
        Assert.InRange(ResidentMemory(sidecar.Id), 0, memory + MayGrow);
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
        Assert.DoesNotContain(sidecar.Errors, line => line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal));
    }

    private async Task StormAsync(ProgramProcess sidecar, AdminPort admin, int port, int one, int two, int reloads)
    {
        // Half of the connections stay, half come anew for each request.
        await using var stay = Load(port);
        await using var come = Load(port, "-H", "Connection: close");
        for (var i = 0; i < reloads; i++)
        {
            var generation = await GenerationAsync(admin);
            Write(i % 2 == 0 ? two : one, extra: i % 2 != 0);
            sidecar.Signal(ProcessSignal.HangUp);
            await Eventually.TrueAsync(async () => await GenerationAsync(admin) > generation);
        }

        foreach (var load in new[] { stay, come })
            Assert.InRange(await Wrk.EndAsync(load), 10 * reloads, int.MaxValue);
    }

    private static ProgramProcess Load(int port, params string[] more) =>
        ProgramProcess.StartCommand(Wrk.Words($"http://127.0.0.1:{port}/", connections: 32, more));

    private static int Descriptors(int process) => Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;

    private static async Task<int> GenerationAsync(AdminPort admin)
    {
        using var response = await admin.SendAsync("GET", "/config");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("generation").GetInt32();
    }

    private static long ResidentMemory(int process) =>
        1024 * long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    private string Write(int target, bool extra)
    {
        // At once: what the sidecar reads is never half a file.
        var next = _folder.Write("next.yaml", $"""
            listeners:
              - name: main
                listen: 127.0.0.1:0
                target: 127.0.0.1:{target}
            {(extra ? $"  - {{name: extra, listen: \"127.0.0.2:0\", target: \"127.0.0.1:{target}\"}}" : "")}
            """);
        File.Move(next, _folder.File("sidecar.yaml"), overwrite: true);
        return _folder.File("sidecar.yaml");
    }
}
