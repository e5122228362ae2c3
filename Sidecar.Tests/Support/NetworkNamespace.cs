using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>A network namespace of one test's own, with loopback up; removed with it.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private static readonly string[] Tools = ["ip", "iptables", "ip6tables", "setpriv", "curl"];
    private static int _count;

    private NetworkNamespace()
    {
    }

    /// <summary>Its name, unique on this machine.</summary>
    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"sidecar-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");

    /// <summary>Skips the test where namespaces cannot be made, and says why.</summary>
    public static void RequireRoot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces and iptables");
        var missing = Tools.Where(tool =>
            !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)))).ToList();
        Assert.SkipWhen(missing.Count > 0, $"needs {string.Join(", ", missing)}");
    }

    public static async Task<NetworkNamespace> CreateAsync()
    {
        var space = new NetworkNamespace();
        await ShellAsync([], $"ip netns add {space.Name} && ip -n {space.Name} link set lo up");
        return space;
    }

    /// <summary>Joins two namespaces by a pair of interfaces, both named <c>wire</c>.</summary>
    public static Task JoinAsync(NetworkNamespace one, NetworkNamespace other) =>
        ShellAsync([], $"ip link add name wire netns {one.Name} type veth peer name wire netns {other.Name}");

    /// <summary>Runs shell commands inside; any that fails fails the test.</summary>
    public Task<string> RunAsync(string script) => ShellAsync(Launcher, script);

    /// <summary>Starts a program inside, as a user of no privilege but that of reading its own files.</summary>
    public ProgramProcess Start(int user, string program, params IEnumerable<string> args) => ProgramProcess.StartBy(
    [
        .. Launcher, "setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
        "env", "DOTNET_EnableDiagnostics=0",
    ], program, args);

    public async ValueTask DisposeAsync() => await ShellAsync([], $"ip netns del {Name}");

    private string[] Launcher => ["ip", "netns", "exec", Name];

    private static async Task<string> ShellAsync(string[] launcher, string script)
    {
        string[] words = [.. launcher, "sh", "-e", "-c", script];
        using var shell = Process.Start(new ProcessStartInfo(words[0], words[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = shell.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = await shell.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await shell.WaitForExitAsync(CancellationToken.None);
        return shell.ExitCode == 0 ? output : throw new InvalidOperationException($"'{script}' ended with {shell.ExitCode}: {await errors}");
    }
}
