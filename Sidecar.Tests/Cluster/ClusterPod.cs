using System.Net;
using System.Text.Json.Nodes;
using Demo.Transparent;
using Sidecar.Tests.Kubernetes;

namespace Sidecar.Tests.Cluster;

/// <summary>What the API server says of a pod.</summary>
internal sealed class ClusterPod(JsonObject pod)
{
    public string Name { get; } = pod.Name();

    public IPAddress Address => IPAddress.Parse(pod.Text("status.podIP")!);

    public bool IsReady => pod.Items("status.conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    public string? Phase => pod.Text("status.phase");

    /// <summary>Seconds from its deletion until the kubelet kills what still runs.</summary>
    public int Grace => (int)pod.At("spec.terminationGracePeriodSeconds")!;

    /// <summary>The names of its containers, in the order of the manifest.</summary>
    public IEnumerable<string> Containers => pod.Items("spec.containers").Select(container => container.Text("name")!);

    public int Restarts(string container) => (int)Status(container)["restartCount"]!;

    /// <summary>Whether the kubelet holds a container for ready.</summary>
    public bool IsContainerReady(string container) => (bool)Status(container)["ready"]!;

    /// <summary>The exit code of a container that has ended.</summary>
    public int? ExitCode(string container) => (int?)Status(container).At("state.terminated.exitCode");

    /// <summary>The first process of a container, as this machine numbers it.</summary>
    public int Process(string container)
    {
        var id = Status(container).Text("containerID")!.Split("//")[1];
        // Its own number 1: a hook or an exec of kubectl runs in the same cgroup.
        return Directory.GetDirectories("/proc").Select(Path.GetFileName).Select(name => int.TryParse(name, out var number) ? number : 0).Where(number => number > 0)
            .First(number => Read(number, "cgroup").Contains(id, StringComparison.Ordinal)
                && Read(number, "status").Split('\n').Any(line => line.StartsWith("NSpid:", StringComparison.Ordinal) && line.EndsWith("\t1", StringComparison.Ordinal)));
    }

    /// <summary>Sockets inside.</summary>
    public NamespaceSockets Sockets => new($"/proc/{Process(Containers.First())}/ns/net");

    private JsonObject Status(string container) => pod.Items("status.containerStatuses").Single(status => status.Text("name") == container);

    private static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (IOException)
        {
            // It has ended.
            return "";
        }
    }
}
