using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Chassis.Settings;
using Demo.Verification;
using Sidecar.Tests.Support;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Pods;

/// <summary>The demo's manifests on real containers. They take minutes, so they are run when they are asked for.</summary>
[Collection(SharedPods.Name)]
[SystemTest]
public sealed class DemoPodsTests
{
    private const int Busy = 64;
    private static readonly TimeSpan BusyTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan DefaultSoak = TimeSpan.FromMinutes(2);

    // podman would kill after 30 s.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly DemoPods _pods;

    public DemoPodsTests(DemoPods pods)
    {
        PodmanHost.Require();
        _pods = pods;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public void Video_PlaysFromOutside_ByNameAndOverBothFamilies()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(_pods.Progress);
        Assert.Equal(["frontend", "frontend4", "frontend6"], _pods.Verifications.Select(found => found.Name));
        Assert.All(_pods.Verifications, found => Assert.Equal([], found.Failures));
        Assert.All(_pods.Verifications, found => Assert.Equal(new MediaFiles(Repository.Clips).Files.Count, found.Files));
    }

    [Theory(Explicit = true)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Backend_CannotBeReachedAroundItsSidecar(bool six)
    {
        IPAddress Of(RunningPod pod) => six ? pod.V6 : pod.V4;

        // So that a refusal is no fault of the way.
        Assert.StartsWith("HTTP/1.1 200", (await AskAsync(Of(_pods.Storage), 9080, "/catalog.json")).Answer, StringComparison.Ordinal);

        Assert.Equal(("", SocketError.ConnectionReset), await AskAsync(Of(_pods.Backend), DemoPods.BackendPort, "/api/videos"));
        Assert.Equal(("", SocketError.ConnectionReset), await AskAsync(Of(_pods.Backend), 45001, "/api/videos"));
        Assert.Equal(("", SocketError.ConnectionReset), await AskAsync(Of(_pods.Frontend), 45000, "/api/videos"));
    }

    [Fact(Explicit = true)]
    public void Containers_HaveNoRightsButThoseDeclared() => Assert.All(_pods.Containers, entry =>
    {
        var (_, name, container) = entry;
        var user = name == "sidecar" ? "1337" : "1339";
        Assert.Equal(string.Join('\t', user, user, user, user), container.Status("Uid"));
        Assert.Equal(string.Join('\t', user, user, user, user), container.Status("Gid"));
        Assert.All<string>(["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"], set => Assert.Equal("0000000000000000", container.Status(set)));
        Assert.Equal(("1", "2"), (container.Status("NoNewPrivs"), container.Status("Seccomp")));
        Assert.Contains("ro", container.RootOptions.Split(','));
        Assert.Throws<IOException>(() => File.WriteAllText($"/proc/{container.Process}/root/app/new", ""));
    });

    [Fact(Explicit = true)]
    public async Task InitContainer_HasTwoCapabilitiesAndSetTheRules()
    {
        // podman removes init containers once they have run, so another command looks at what such a one may do.
        await _pods.Host.PlayAsync(PodManifests.InitContainer("frontend", "rights", "bash", "-c", "grep -E '^(Uid|Gid|Cap...|NoNewPrivs|Seccomp):' /proc/self/status; touch /new || echo read-only"));
        var said = "";
        await Eventually.TrueAsync(async () => (said = await _pods.Host.PodmanAsync("logs", "rights-sidecar-iptables")).EndsWith("read-only", StringComparison.Ordinal));
        const string Both = "0000000000003000";
        Assert.Equal(["Uid: 0 0 0 0", "Gid: 0 0 0 0", "CapInh: 0000000000000000", $"CapPrm: {Both}", $"CapEff: {Both}", $"CapBnd: {Both}", "CapAmb: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2", "read-only"],
            said.Split('\n').Select(line => line.Replace('\t', ' ')));

        await RulesAsync(_pods.Frontend, "--outbound-port", "45000", "--outbound-ports", "9000");
        await RulesAsync(_pods.Backend, "--inbound-port", "45001", "--inbound-ports", "9000");
    }

    [Fact(Explicit = true)]
    public void Sidecar_AtRest_NeedsLittleMemory()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"resident {_pods.AtRest:N0} bytes");
        Assert.InRange(_pods.AtRest, 1, 25 * 1024 * 1024);
    }

    [Fact(Explicit = true)]
    public async Task Sidecars_HoldTheirMemoryLimitUnderBusyConnections()
    {
        var segment = new MediaFiles(Repository.Clips).Files.MaxBy(file => new FileInfo(file.Value).Length);
        var expected = SHA256.HashData(await File.ReadAllBytesAsync(segment.Value, Cancellation));
        var url = DemoPods.Url(_pods.Backend.V4, DemoPods.BackendPort, segment.Key);
        var failures = new ConcurrentQueue<string>();
        var clock = Stopwatch.StartNew();
        var fetched = await Task.WhenAll(Enumerable.Range(0, Busy).Select(_ => Task.Run(async () =>
        {
            // Each has a connection of its own through both sidecars.
            using var web = _pods.Frontend.Sockets.Fetcher();
            var findings = new Findings();
            var count = 0;
            while (clock.Elapsed < BusyTime)
            {
                if (await web.GetAsync(url, findings, Cancellation) is not { } answer)
                {
                    failures.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {findings.Failures[0]}");
                    return count;
                }

                Assert.Equal(expected, SHA256.HashData(answer.Body));
                count++;
            }

            return count;
        }, Cancellation)));
        if (!failures.IsEmpty)
            Assert.Fail(string.Join('\n', [.. failures, .. await UnusualAsync("frontend"), .. await UnusualAsync("backend")]));
        Assert.DoesNotContain(0, fetched);

        foreach (var pod in new[] { _pods.Frontend, _pods.Backend })
        {
            var sidecar = await pod.ContainerAsync("sidecar");
            Assert.Equal($"{DemoPods.SidecarMegabytes * 1024 * 1024}", sidecar.Memory("memory.limit_in_bytes", "memory.max"));
            Assert.Contains("oom_kill 0", sidecar.Memory("memory.oom_control", "memory.events").Split('\n'));
            Assert.Equal((false, 0), (sidecar.OutOfMemory, sidecar.Restarts));
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{pod.Name}: {fetched.Sum()} files of {Busy} connections; resident {sidecar.Resident:N0} bytes, most of its cgroup {sidecar.Memory("memory.max_usage_in_bytes", "memory.peak")}");
        }
    }

    [Fact(Explicit = true)]
    public async Task Pods_StopInTime_WithExitCode0()
    {
        var leaving = await _pods.PlayAsync("frontend", "leaving");
        await _pods.ReadyAsync(leaving.V4, 8000, "/healthz");
        // A connection that is open and silent: the sidecar drains for 5 s.
        using var open = await ConnectAsync(leaving, _pods.Backend.V4, DemoPods.BackendPort);
        await open.SendAsync("GET /healthz HTTP/1.1\r\nHost: backend\r\n\r\n");
        var end = await Record.ExceptionAsync(async () => Assert.StartsWith("HTTP/1.1 200", await open.ReadLineAsync(), StringComparison.Ordinal));
        Assert.True(end is null, $"{end?.Message}\n{await _pods.Host.PodmanAsync("logs", "leaving-sidecar")}");
        var oracle = await _pods.PlayAsync("oracle", "leaving-oracle");

        await StopsAsync(leaving, "frontend");
        await StopsAsync(leaving, "sidecar");
        await StopsAsync(oracle, "oracle");
    }

    [Fact(Explicit = true)]
    public async Task Soak_RestartsNothingAndLosesNothing()
    {
        var soak = Environment.GetEnvironmentVariable("SIDECAR_SOAK") is { Length: > 0 } words ? Values.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))(words) : DefaultSoak;
        var rest = _pods.Viewer.Began + soak - TimeProvider.System.GetUtcNow();
        if (rest > TimeSpan.Zero)
            await Task.Delay(rest, Cancellation);

        Assert.Equal([], _pods.Viewer.Findings.Failures);
        Assert.True(_pods.Viewer.Rounds > soak.TotalMinutes, $"the video was played {_pods.Viewer.Rounds} times");
        foreach (var (pod, name, before) in _pods.Containers)
            Assert.Equal(before, await pod.ContainerAsync(name));
        TestContext.Current.TestOutputHelper?.WriteLine($"{_pods.Viewer.Rounds} times in {TimeProvider.System.GetUtcNow() - _pods.Viewer.Began}");
    }

    private async Task<IEnumerable<string>> UnusualAsync(string pod) =>
        (await _pods.Host.PodmanAsync("logs", $"{pod}-sidecar")).Split('\n').Where(SidecarLog.IsUnusual).TakeLast(100).Select(line => $"{pod}: {line}");

    private static async Task StopsAsync(RunningPod pod, string container)
    {
        var clock = Stopwatch.StartNew();
        await pod.Host.PodmanAsync("stop", "--time", "30", $"{pod.Name}-{container}");
        var took = clock.Elapsed;
        var ended = await pod.ContainerAsync(container);
        Assert.Equal((0, 0), (ended.Process, ended.ExitCode));
        Assert.True(took < StopLimit, $"{pod.Name}-{container} took {took}");
    }

    private static async Task RulesAsync(RunningPod pod, params string[] options)
    {
        string[] words = ["nsenter", $"--net={pod.Space}", Path.Combine(Repository.Root, "iptables", "sidecar-iptables"), "check", .. options];
        Assert.Equal("", await Run.WellAsync(words));
    }

    /// <summary>What a plain client of another pod gets, and how its connection ends.</summary>
    private async Task<(string Answer, SocketError? End)> AskAsync(IPAddress address, int port, string path)
    {
        var answer = new StringBuilder();
        try
        {
            using var client = await ConnectAsync(_pods.Oracle, address, port);
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: backend\r\nConnection: close\r\n\r\n");
            while (await client.ReadTextAsync(1) is { Length: 1 } character)
                answer.Append(character);
            return (answer.ToString(), null);
        }
        catch (SocketException error)
        {
            return (answer.ToString(), error.SocketErrorCode);
        }
    }

    private static async Task<Socket> ConnectAsync(RunningPod from, IPAddress address, int port)
    {
        var socket = await from.Sockets.CreateAsync(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, port, Cancellation);
        return socket;
    }
}
