using Chassis;
using Processes;

namespace Sidecar.Benchmarks.Machine;

/// <summary>The programs of others that a comparison runs, and where they are.</summary>
/// <param name="Haproxy">TCP and TLS relay.</param>
/// <param name="Nginx">Relay (with its stream module), and the HTTP origin.</param>
/// <param name="Wrk">HTTP load.</param>
/// <param name="Iperf">Bytes in bulk: load and origin.</param>
internal sealed record DebianPrograms(string Haproxy, string Nginx, string Wrk, string Iperf)
{
    // Where Debian's nginx looks for "load_module modules/...".
    private const string StreamModule = "/usr/share/nginx/modules/ngx_stream_module.so";

    private static readonly string[] Needed = ["haproxy", "nginx", "wrk", "iperf3"];

    /// <summary>Whether none is missing.</summary>
    public static bool AreThere => Missing().Count == 0;

    /// <summary>Finds them; asks <c>scripts/prerequisites bench</c> first when one is missing (as root, that installs it).</summary>
    /// <param name="repository">The repository's top folder.</param>
    /// <param name="progress">Gets what that says.</param>
    /// <exception cref="UsageException">Names what is still missing, and the remedy.</exception>
    public static async Task<DebianPrograms> FindAsync(string repository, TextWriter progress)
    {
        if (Missing().Count > 0)
            await InstallAsync(Path.Combine(repository, "scripts", "prerequisites"), TextWriter.Synchronized(progress));
        if (Missing() is { Count: > 0 } missing)
            throw new UsageException($"missing: {string.Join(", ", missing)}; run scripts/prerequisites bench as root");
        return new DebianPrograms(Locate("haproxy")!, Locate("nginx")!, Locate("wrk")!, Locate("iperf3")!);
    }

    // Its commands lie where only root's PATH leads.
    private static string? Locate(string name) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static List<string> Missing() =>
        [.. Needed.Where(name => Locate(name) is null), .. File.Exists(StreamModule) ? Array.Empty<string>() : ["nginx's stream module"]];

    private static async Task InstallAsync(string script, TextWriter progress)
    {
        try
        {
            await using var process = ManagedProcess.Start(new ProcessCommand("prerequisites", script, "bench"), output => progress.WriteLine(output.Line));
            // Its exit code says no more than what is asked again after it.
            await process.Exited;
        }
        catch (ProcessFailedException error)
        {
            throw new UsageException(error.Message, error);
        }
    }
}
