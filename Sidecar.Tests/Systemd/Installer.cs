using Processes;
using Testing;

namespace Sidecar.Tests.Systemd;

/// <summary>Runs <c>systemd/install</c>.</summary>
internal static class Installer
{
    /// <summary>The script.</summary>
    public static string Script { get; } = Path.Combine(Repository.Root, "systemd", "install");

    /// <summary>Runs it on this machine: only with <c>--root</c>, <c>--dry-run</c> or a wrong option.</summary>
    public static Task<ProcessResult> RunAsync(params IEnumerable<string> words) => Run.ToEndAsync([Script, .. words]);

    /// <summary>The same; it has to be done.</summary>
    public static async Task<string> DoesAsync(params IReadOnlyList<string> words) => (await RunAsync(words)).Well(string.Join(' ', words));
}
