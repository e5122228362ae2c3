using Processes;


namespace Demo.Transparent;

/// <summary>The rules of one pod: <c>iptables/sidecar-iptables</c>, run inside it. They go with its namespace.</summary>
/// <param name="Host">The pod.</param>
/// <param name="Options">Which connections are redirected, and where to.</param>
internal sealed record InterceptionRules(PlannedHost Host, params IReadOnlyList<string> Options)
{
    private const string ChainPrefix = "Chain SIDECAR";

    private IEnumerable<string> Inside => ["ip", "netns", "exec", Host.Namespace];

    /// <summary>Sets the rules and makes sure that they stand.</summary>
    /// <param name="root">The repository's top folder.</param>
    /// <exception cref="ProcessFailedException">The script refused, or the kernel did.</exception>
    public async Task ApplyAsync(string root)
    {
        var script = Path.Combine(root, "iptables", "sidecar-iptables");
        await ShortCommand.RunAsync([.. Inside, script, "apply", .. Options]);
        await ShortCommand.RunAsync([.. Inside, script, "check", .. Options]);
    }

    /// <summary>The sidecar's chains with their packet and byte counters, of both families.</summary>
    public async Task<IReadOnlyList<string>> CountersAsync()
    {
        var lines = new List<string>();
        foreach (var (tables, family) in new[] { ("iptables", "IPv4"), ("ip6tables", "IPv6") })
        {
            lines.Add($"{Host.Name}, {family}:");
            lines.AddRange(OwnChains(await ShortCommand.RunAsync([.. Inside, tables, "-w", "-t", "nat", "-L", "-v", "-n", "-x"])).Select(line => "  " + line));
        }

        return lines;
    }

    /// <summary>Of a listing of <c>iptables -L</c>, the chains that the script made.</summary>
    public static IEnumerable<string> OwnChains(IReadOnlyList<string> listing)
    {
        var own = false;
        foreach (var line in listing.Where(line => line.Length > 0))
        {
            if (line.StartsWith("Chain ", StringComparison.Ordinal))
                own = line.StartsWith(ChainPrefix, StringComparison.Ordinal);
            if (own)
                yield return line;
        }
    }
}
