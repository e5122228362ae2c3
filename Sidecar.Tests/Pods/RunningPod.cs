using System.Net;
using Demo.Transparent;

namespace Sidecar.Tests.Pods;

/// <summary>A pod that plays.</summary>
/// <param name="Host">Its podman.</param>
/// <param name="Name">The pod's name.</param>
/// <param name="Space">The path of its network namespace.</param>
/// <param name="V4">Its IPv4 address.</param>
/// <param name="V6">Its IPv6 address.</param>
internal sealed record RunningPod(PodmanHost Host, string Name, string Space, IPAddress V4, IPAddress V6)
{
    /// <summary>Sockets inside.</summary>
    public NamespaceSockets Sockets => new(Space);

    /// <summary>A container of the pod, by the name that the manifest gives it.</summary>
    public async Task<RunningContainer> ContainerAsync(string name)
    {
        var full = $"{Name}-{name}";
        var words = (await Host.PodmanAsync("inspect", full, "--format", "{{.State.Pid}} {{.RestartCount}} {{.State.OOMKilled}} {{.State.ExitCode}}")).Split(' ');
        return new RunningContainer(full, int.Parse(words[0]), int.Parse(words[1]), words[2] == "true", int.Parse(words[3]));
    }
}

/// <summary>What podman says of a container now.</summary>
/// <param name="Name">Its name in podman.</param>
/// <param name="Process">Its first process; 0 when it has ended.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="OutOfMemory">Whether the kernel has killed it.</param>
/// <param name="ExitCode">The exit code when it has ended.</param>
internal sealed record RunningContainer(string Name, int Process, int Restarts, bool OutOfMemory, int ExitCode)
{
    /// <summary>A line of /proc/PID/status: <c>VmRSS</c>, <c>CapEff</c>.</summary>
    public string Status(string key) =>
        File.ReadLines($"/proc/{Process}/status").First(line => line.StartsWith(key + ":", StringComparison.Ordinal))[(key.Length + 1)..].Trim();

    /// <summary>Resident memory in bytes.</summary>
    public long Resident => 1024 * long.Parse(Status("VmRSS").Split(' ')[0]);

    /// <summary>The options with which its root is mounted.</summary>
    public string RootOptions => File.ReadLines($"/proc/{Process}/mountinfo").Select(line => line.Split(' ')).Last(fields => fields[4] == "/")[5];

    /// <summary>A file of its memory cgroup, of version 1 or 2.</summary>
    public string Memory(string version1, string version2)
    {
        foreach (var fields in File.ReadLines($"/proc/{Process}/cgroup").Select(line => line.Split(':', 3)))
        {
            if (fields[1].Split(',').Contains("memory"))
                return File.ReadAllText($"/sys/fs/cgroup/memory{fields[2]}/{version1}").Trim();
            var file = $"/sys/fs/cgroup{fields[2]}/{version2}";
            if (fields[0] == "0" && File.Exists(file))
                return File.ReadAllText(file).Trim();
        }

        throw new InvalidOperationException($"{Name} has no memory cgroup");
    }
}
