using Testing;

namespace Sidecar.Tests.Interception;

/// <summary>What the script said.</summary>
internal sealed record ScriptResult(int Code, string Output, string Errors);

/// <summary>Runs <c>iptables/sidecar-iptables</c>.</summary>
internal static class SidecarIptables
{
    /// <summary>The folder of the scripts.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "iptables");

    /// <summary>The script itself.</summary>
    public static string Script { get; } = Path.Combine(Folder, "sidecar-iptables");

    /// <summary>Runs it outside of any namespace of a test: only what changes nothing.</summary>
    public static Task<ScriptResult> RunAsync(params IEnumerable<string> words) => RunAsync([], words);

    /// <summary>Runs it by a launcher such as <c>ip netns exec NAME</c>.</summary>
    public static async Task<ScriptResult> RunAsync(IEnumerable<string> launcher, IEnumerable<string> words)
    {
        string[] all = [.. launcher, Script, .. words];
        var (code, output, errors) = await Run.AfterwardsAsync(all);
        return new ScriptResult(code, output, errors);
    }
}
