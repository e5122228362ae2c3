using System.Net;
using Demo.Transparent;
using Processes;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Pods;

/// <summary>
/// podman with a network namespace, storage and settings of its own, so that it meets no other podman of this machine. A keeper process
/// removes all of it, also when the tests are killed.
/// </summary>
internal sealed class PodmanHost : IAsyncDisposable
{
    /// <summary>The network of the pods.</summary>
    public const string Network = "pods";

    private static readonly string[] Programs = ["podman", "debootstrap", "clang"];
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sidecar-podman-");
    private readonly NetworkNamespace _space;
    private readonly ManagedProcess _keeper;
    private int _files;

    private PodmanHost(NetworkNamespace space)
    {
        _space = space;
        Environment = new Dictionary<string, string>
        {
            ["CONTAINERS_STORAGE_CONF"] = Write("storage.conf", $"""
                [storage]
                driver = "overlay"
                runroot = "{Folder}/run"
                graphroot = "{Folder}/storage"
                """),
            // crun wants cgroups of version 2 alone; locks in files, because those in memory are shared by all podmans.
            ["CONTAINERS_CONF"] = Write("containers.conf", $"""
                [containers]
                default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
                [engine]
                runtime = "runc"
                cgroup_manager = "cgroupfs"
                events_logger = "file"
                lock_type = "file"
                static_dir = "{Folder}/storage/libpod"
                tmp_dir = "{Folder}/run/libpod"
                volume_path = "{Folder}/storage/volumes"
                [network]
                network_backend = "netavark"
                network_config_dir = "{Folder}/networks"
                """),
            ["CONTAINERS_REGISTRIES_CONF"] = Write("registries.conf", """
                [[registry]]
                location = "127.0.0.1:5000"
                insecure = true
                """),
            // A build runs its commands in the network of this machine, and without a container of podman's.
            ["BUILDAH_ISOLATION"] = "chroot",
            // So that no process of a build outlives it.
            ["MSBUILDDISABLENODEREUSE"] = "1",
        };
        _keeper = ManagedProcess.Start(new ProcessCommand("keeper", "setsid", "bash", "-c", Keeper, "keeper", Folder, space.Name) { Environment = Environment }
            .EndingWithParent());
    }

    /// <summary>Whether the programs and rights are there, for fixtures, which cannot be skipped.</summary>
    public static bool IsPossible => System.Environment.IsPrivilegedProcess && !Missing.Any();

    /// <summary>What podman is told of its storage and settings.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The network namespace in which podman runs: for the pods, the outside.</summary>
    public string Outside => _space.Name;

    // Waits until it is told to end, or the tests have died.
    private const string Keeper = """
        trap : TERM
        sleep infinity &
        wait
        kill $!
        cd /
        podman() { nsenter --net="/run/netns/$space" podman "$@"; }
        folder=$1 space=$2
        podman pod rm --all --force --time 0
        podman rm --all --force --time 0
        ip netns del "$space"
        # Storage that is still mounted, the inner mounts first.
        awk -v folder="$folder/" 'index($5, folder) == 1 {print $5}' /proc/self/mountinfo | tac | while read -r mount; do umount "$mount"; done
        rm -rf --one-file-system "$folder"
        """;

    private static IEnumerable<string> Missing => Programs.Where(program =>
        !System.Environment.GetEnvironmentVariable("PATH")!.Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program))));

    private string Folder => _folder.FullName;

    /// <summary>Skips the test, with the reason, where podman cannot run.</summary>
    public static void Require()
    {
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess, "needs root, for podman with a network of its own");
        Assert.SkipWhen(Missing.Any(), $"needs {string.Join(", ", Missing)} (scripts/prerequisites containers)");
    }

    /// <summary>Makes it, with a network for pods of both address families.</summary>
    public static async Task<PodmanHost> CreateAsync()
    {
        var host = new PodmanHost(await NetworkNamespace.CreateAsync());
        try
        {
            await host.PodmanAsync("network", "create", "--ipv6", "--subnet", "10.79.0.0/24", "--subnet", "fd00:79::/64", Network);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs podman; fails unless it succeeds.</summary>
    /// <returns>Its stdout, without white space around it.</returns>
    public async Task<string> PodmanAsync(params IReadOnlyList<string> words)
    {
        var result = await TryAsync(words);
        return result.Well($"podman {string.Join(' ', words)}").Trim();
    }

    /// <summary>Runs podman, and takes any exit code.</summary>
    public Task<ProcessResult> TryAsync(params IEnumerable<string> words) => ShortCommand.ResultAsync(InNetwork("podman", words), CommandLimit);

    /// <summary>Runs a script of the repository with this podman's settings; builds need the network of this machine.</summary>
    public async Task<string> ScriptAsync(string script, params IEnumerable<string> words)
    {
        var path = Path.Combine(Repository.Root, "scripts", script);
        var command = new ProcessCommand(script, [path, .. words]) { Environment = Environment };
        return (await ShortCommand.ResultAsync(command, BuildLimit)).Well($"scripts/{script} {string.Join(' ', words)}");
    }

    /// <summary>Starts podman for a command that runs on.</summary>
    public ManagedProcess Start(Action<ProcessOutput> onOutput, params IEnumerable<string> words) =>
        ManagedProcess.Start(InNetwork("podman", words).EndingWithParent(), onOutput);

    /// <summary>Plays manifests on the network.</summary>
    public Task PlayAsync(string manifests) => PodmanAsync("kube", "play", "--network", Network, Write($"play-{_files++}.yaml", manifests));

    /// <summary>A pod that plays.</summary>
    public async Task<RunningPod> PodAsync(string name)
    {
        var infra = await PodmanAsync("pod", "inspect", name, "--format", "{{.InfraContainerID}}");
        var network = $"index .NetworkSettings.Networks \"{Network}\"";
        var words = await PodmanAsync("inspect", infra, "--format", $"{{{{.NetworkSettings.SandboxKey}}}} {{{{({network}).IPAddress}}}} {{{{({network}).GlobalIPv6Address}}}}");
        return words.Split(' ') is [var space, var v4, var v6]
            ? new RunningPod(this, name, space, IPAddress.Parse(v4), IPAddress.Parse(v6))
            : throw new InvalidOperationException($"podman says of {name}: {words}");
    }

    /// <summary>Sockets outside of all pods.</summary>
    public NamespaceSockets OutsideSockets => new(_space.Name);

    /// <summary>A file in the folder that goes with this podman.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await _keeper.StopAsync(CleanUpLimit);
        await _keeper.DisposeAsync();
        Assert.False(Directory.Exists(Folder), $"{Folder} is still there: {string.Join('\n', _keeper.StandardError.Lines)}");
    }

    // Not ip netns exec: that hides the cgroups.
    private ProcessCommand InNetwork(string program, IEnumerable<string> words) =>
        new(program, ["nsenter", $"--net=/run/netns/{_space.Name}", program, .. words]) { Environment = Environment };
}
