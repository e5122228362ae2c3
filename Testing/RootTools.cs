using Xunit;

namespace Testing;

/// <summary>What tests with network namespaces and iptables need of this machine.</summary>
internal static class RootTools
{
    private static readonly string[] Programs = ["ip", "iptables", "ip6tables", "setpriv", "curl"];

    /// <summary>Whether all of it is there: for what tests share, which cannot be skipped itself.</summary>
    public static bool AreThere => Environment.IsPrivilegedProcess && !Missing(Programs).Any();

    /// <summary>Skips the test where this is not root or a program is missing, and says why.</summary>
    /// <param name="more">Programs that this test needs besides.</param>
    public static void Require(params IEnumerable<string> more)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces and iptables");
        var missing = Missing([.. Programs, .. more]).ToList();
        Assert.SkipWhen(missing.Count > 0, $"needs {string.Join(", ", missing)}");
    }

    private static IEnumerable<string> Missing(IEnumerable<string> programs) => programs.Where(tool =>
        !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, tool))));
}
