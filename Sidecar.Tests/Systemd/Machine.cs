using Processes;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Systemd;

/// <summary>
/// A machine with systemd as its first process, and a network namespace of its own. What is written there is gone with it. It is used as a
/// machine of a user: <c>systemctl</c>, <c>journalctl</c> and <c>systemd/install</c> work.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private static readonly string Script = Path.Combine(Repository.Root, "Sidecar.Tests", "Systemd", "machine");

    // That of a service, not of this user's shell; and the .NET runtime, wherever it is.
    private static readonly string SystemPath = $"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{Path.GetDirectoryName(Environment.ProcessPath)}";

    private readonly ProgramProcess _holder;
    private string[] _launcher = [];

    private Machine(NetworkNamespace network, ProgramProcess holder) => (Network, _holder) = (network, holder);

    public NetworkNamespace Network { get; }

    /// <summary>Skips the test where this is not possible.</summary>
    public static void Require(params IEnumerable<string> more)
    {
        RootTools.Require(["unshare", "nsenter", "findmnt", "systemctl", "systemd-analyze", "systemd-sysusers", .. more]);
        Assert.SkipUnless(File.Exists("/lib/systemd/systemd"), "needs systemd");
        Assert.SkipUnless(File.ReadLines("/proc/self/mounts").Any(line => line.Contains(" cgroup2 ", StringComparison.Ordinal)), "needs cgroup2");
    }

    /// <summary>Starts one, and waits until it has started all that is enabled.</summary>
    /// <param name="before">A script that is run before, as in the installation of a machine: no service runs yet.</param>
    public static async Task<Machine> StartAsync(string before = "")
    {
        Require();
        var network = await NetworkNamespace.CreateAsync();
        var machine = new Machine(network, ProgramProcess.StartCommand(Script, "start", network.Name, before.Length == 0 ? "" : Shell(before)));
        try
        {
            await machine.HasStartedAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Two machines on one network, as the ancestor has them: the frontend's with the address .56, the backend's with .57.</summary>
    public static async Task<(Machine Frontend, Machine Backend)> StartPairAsync()
    {
        var frontend = await StartAsync();
        Machine? backend = null;
        try
        {
            backend = await StartAsync();
            await NetworkNamespace.JoinAsync(frontend.Network, backend.Network);
            await frontend.ConnectAsync("192.188.200.56");
            await backend.ConnectAsync("192.188.200.57");
            return (frontend, backend);
        }
        catch
        {
            if (backend is not null)
                await backend.DisposeAsync();
            await frontend.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a script in the repository's folder, as root; any exit code but 0 fails the test.</summary>
    /// <returns>Its stdout.</returns>
    public async Task<string> RunAsync(string script)
    {
        var result = await ResultAsync(script);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"'{script}' ended with {result.ExitCode}: {result.Errors}\n{await JournalAsync()}");
    }

    /// <summary>The same, with any exit code.</summary>
    public Task<ProcessResult> ResultAsync(string script) => Run.ToEndAsync([.. _launcher, Shell(script)]);

    /// <summary>Starts a script there.</summary>
    public ProgramProcess Start(string script) => ProgramProcess.StartCommand([.. _launcher, Shell(script)]);

    /// <summary>The last lines of its log, for messages.</summary>
    public async Task<string> JournalAsync() => (await ResultAsync("journalctl --no-pager -n 30 -o short-monotonic")).Output;

    /// <summary>One property of a unit.</summary>
    public async Task<string> ShowAsync(string unit, string property) => (await RunAsync($"systemctl show --value --property={property} {unit}")).Trim();

    public async ValueTask DisposeAsync()
    {
        await _holder.DisposeAsync();
        // Its processes have been killed; the kernel lets go of their control groups a moment later.
        await Eventually.TrueAsync(async () => (await Run.AfterwardsAsync(Script, "remove", Network.Name)).ExitCode == 0);
        await Network.DisposeAsync();
    }

    private async Task HasStartedAsync()
    {
        await Eventually.TrueAsync(async () =>
        {
            Assert.False(_holder.HasEnded, string.Join('\n', _holder.Errors));
            _launcher = LauncherOf(FirstProcess());
            return _launcher.Length > 0 && (await ResultAsync("systemctl is-system-running")).Output is "running\n" or "degraded\n";
        });
    }

    private Task<string> ConnectAsync(string address) => RunAsync($"ip link set wire name eth0; ip address add {address}/24 dev eth0; ip link set eth0 up");

    private static string[] LauncherOf(string process) => process.Length == 0
        ? []
        : ["nsenter", "--target", process, "--all", "env", "-i", SystemPath, "bash", "-c"];

    private static string Shell(string script) => $"set -e -o pipefail; cd '{Repository.Root}'; {script}";

    // The child of "unshare --fork"; empty before it is there.
    private string FirstProcess()
    {
        var children = $"/proc/{_holder.Id}/task/{_holder.Id}/children";
        return File.ReadAllText($"/proc/{_holder.Id}/comm").Trim() == "unshare" && File.ReadAllText(children).Split(' ') is [var first, ..] ? first : "";
    }
}
