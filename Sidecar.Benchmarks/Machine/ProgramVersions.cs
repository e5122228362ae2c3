using System.Text.RegularExpressions;
using Processes;

namespace Sidecar.Benchmarks.Machine;

/// <summary>Which versions of the programs were compared.</summary>
internal static partial class ProgramVersions
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Asks each program; nginx and wrk tell on stderr or with exit code 1.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(DebianPrograms programs, CancellationToken cancellation) =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HAProxy"] = await AskAsync(programs.Haproxy, cancellation),
            ["nginx"] = await AskAsync(programs.Nginx, cancellation),
            ["wrk"] = await AskAsync(programs.Wrk, cancellation),
            ["iperf3"] = await AskAsync(programs.Iperf, cancellation),
        };

    /// <summary>The first version number of a text: <c>2.6.12-1+deb12u4</c>.</summary>
    public static string Parse(string text) => VersionNumber().Match(text) is { Success: true } match ? match.Value : "unknown";

    private static async Task<string> AskAsync(string program, CancellationToken cancellation)
    {
        await using var process = ManagedProcess.Start(new ProcessCommand(Path.GetFileName(program), program, "-v"));
        await process.Exited.WaitAsync(Limit, cancellation);
        return Parse(string.Join('\n', [.. process.StandardOutput.Lines, .. process.StandardError.Lines]));
    }

    [GeneratedRegex(@"\d+\.\d+[\w.+~-]*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionNumber();
}
