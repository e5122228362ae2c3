using Xunit;

namespace Testing;

/// <summary>The programs and rights that tests with network namespaces and iptables need.</summary>
internal static class RootTools
{
    private static readonly string[] Programs = ["ip", "iptables", "ip6tables", "setpriv", "curl"];

    /// <summary>Whether all programs and rights are there, for fixtures, which cannot be skipped.</summary>
    public static bool AreThere => Environment.IsPrivilegedProcess && !Missing(Programs).Any();

    /// <summary>Skips the test, with the reason, if the user is not root or a program is missing.</summary>
    /// <param name="more">More programs that this test needs.</param>
    public static void Require(params IEnumerable<string> more)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces and iptables");
        RequirePrograms([.. Programs, .. more]);
    }

    /// <summary>Skips the test, with the reason, if a program is missing.</summary>
    public static void RequirePrograms(params IEnumerable<string> programs)
    {
        var missing = Missing(programs).ToList();
        Assert.SkipWhen(missing.Count > 0, $"needs {string.Join(", ", missing)}");
    }

    private static IEnumerable<string> Missing(IEnumerable<string> programs) => programs.Where(tool =>
        !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, tool))));
}
