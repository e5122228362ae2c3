using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Pods;

/// <summary>The container of every node (k8s/observe), with the rights of its manifest, beside the demo's pods. Run when it is asked for.</summary>
[Collection(SharedPods.Name)]
[SystemTest]
public sealed class ObservePodTests : IDisposable
{
    private const string Name = "sidecar-observe";
    private const int HealthPort = 15121;
    private const int StoragePort = 9080;

    // Of the bridge on which the pods are: the node's address for them.
    private static readonly IPAddress Node = IPAddress.Parse("10.79.0.1");

    // BPF (39), PERFMON (38), SYS_PTRACE (19), NET_ADMIN (12), DAC_READ_SEARCH (2): linux/capability.h
    private const string Declared = "000000c000081004";

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly DemoPods _pods;
    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<string> _records = [];

    public ObservePodTests(DemoPods pods)
    {
        PodmanHost.Require();
        _pods = pods;
    }

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true)]
    public async Task Observe_RecordsRequestsOfAllPods_WithTheRightsOfItsManifest()
    {
        Configure(ports: 9);
        var host = _pods.Host;
        string[] run = ["run", "--rm", "--name", Name, .. PodManifests.OfNode("observe/daemonset.yml", Node.ToString(), _folder.Root)];
        await using (var running = host.Start(Take, run))
        {
            await _pods.ReadyAsync(Node, HealthPort, "/readyz");
            using var outside = host.OutsideSockets.Fetcher();
            using var inside = _pods.Storage.Sockets.Fetcher();
            Assert.True(await outside.IsOkAsync(DemoPods.Url(_pods.Storage.V4, StoragePort, "/catalog.json?seen=never"), CancellationToken.None));

            // The program reads its file again.
            Configure(StoragePort);
            await SeenAsync("outside", () => outside.IsOkAsync(DemoPods.Url(_pods.Storage.V4, StoragePort, "/catalog.json?seen=outside"), CancellationToken.None));
            // Loopback of a pod, in the pod's own network namespace.
            await SeenAsync("loopback", () => inside.IsOkAsync(DemoPods.Url(IPAddress.Loopback, StoragePort, "/catalog.json?seen=loopback"), CancellationToken.None));
            Assert.DoesNotContain(_records, record => record.Contains("seen=never", StringComparison.Ordinal));
            await KnowsTheContainerAsync();

            var process = int.Parse(await host.PodmanAsync("inspect", Name, "--format", "{{.State.Pid}}"));
            var container = new RunningContainer(Name, process, 0, OutOfMemory: false, 0);
            Assert.Equal(("0000000000000000", Declared, Declared, Declared, "0000000000000000"),
                (container.Status("CapInh"), container.Status("CapPrm"), container.Status("CapEff"), container.Status("CapBnd"), container.Status("CapAmb")));
            Assert.Equal("1", container.Status("NoNewPrivs"));
            Assert.Contains("ro", container.RootOptions.Split(','));
            TestContext.Current.TestOutputHelper?.WriteLine($"most of its memory cgroup {container.Memory("memory.max_usage_in_bytes", "memory.peak")}");

            await host.PodmanAsync("stop", "--time", $"{StopLimit.TotalSeconds}", Name);
            Assert.Equal(0, await running.Exited.WaitAsync(StopLimit, TestContext.Current.CancellationToken));
        }

        Assert.Equal("", await host.PodmanAsync("ps", "--all", "--quiet", "--filter", $"name={Name}"));
    }

    // Its process is in another network namespace and another control group, and has another number there.
    private async Task KnowsTheContainerAsync()
    {
        var storage = await _pods.Storage.ContainerAsync("storage");
        var id = await _pods.Host.PodmanAsync("inspect", storage.Name, "--format", "{{.Id}}");
        using var record = JsonDocument.Parse(_records.First(record => record.Contains("seen=loopback", StringComparison.Ordinal)));
        var ext = record.RootElement.GetProperty("ext");
        Assert.Equal(storage.Process, record.RootElement.GetProperty("pid").GetInt32());
        Assert.Equal((File.ReadAllText($"/proc/{storage.Process}/comm").Trim(), id), (ext.GetProperty("server_command").GetString(), ext.GetProperty("server_container").GetString()));
    }

    private void Take(ProcessOutput output)
    {
        if (!output.IsError)
            _records.Enqueue(output.Line);
    }

    private void Configure(int ports) =>
        _folder.Write("observe.yml", File.ReadAllText(Path.Combine(Repository.Root, "k8s", "observe", "observe.yml")) + $"capture: {{ports: [{ports}]}}\n");

    // A filter changes in a moment, so the request comes again until its record does.
    private Task SeenAsync(string what, Func<Task<bool>> ask) => Eventually.TrueAsync(async () =>
    {
        Assert.True(await ask());
        return _records.Any(record => record.Contains($"seen={what}", StringComparison.Ordinal));
    });
}
