using Chassis;

namespace Demo.Transparent;

/// <summary>What the transparent demo cannot do without.</summary>
internal static class Needs
{
    private static readonly (string Command, string Package)[] Always =
        [("ip", "iproute2"), ("iptables", "iptables"), ("setpriv", "util-linux")];

    /// <summary>Refuses to start where it could not run.</summary>
    /// <param name="capture">Whether packets will be captured.</param>
    /// <exception cref="UsageException">Says what is missing and where it comes from.</exception>
    public static void Check(bool capture)
    {
        if (!Environment.IsPrivilegedProcess)
            throw new UsageException("--transparent needs root (network namespaces and iptables); run it with sudo, or run ./demo without it");
        var missing = (capture ? [.. Always, ("tcpdump", "tcpdump")] : Always).Where(need => !IsThere(need.Command)).ToList();
        if (missing.Count > 0)
            throw new UsageException($"--transparent needs {string.Join(", ", missing.Select(m => m.Command))}; install {string.Join(' ', missing.Select(m => m.Package))}");
    }

    private static bool IsThere(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, command)));
}
