using Processes;
using Xunit;

namespace Testing;

/// <summary>The check of a metrics page by Prometheus' own tool.</summary>
internal static class Promtool
{
    private const string Program = "/usr/bin/promtool";

    /// <summary>Runs <c>promtool check metrics</c>; skips the test if the program is missing.</summary>
    /// <returns>Its complaints; empty if there are none.</returns>
    public static async Task<string> CheckMetricsAsync(string page)
    {
        if (!File.Exists(Program))
            Assert.Skip($"{Program} is missing (Debian package prometheus)");
        var result = await Run.ToEndAsync(new ProcessCommand("promtool", Program, "check", "metrics"), page);
        var said = (result.Output + result.Errors).Trim();
        return result.ExitCode == 0 ? said : $"exit code {result.ExitCode}: {said}";
    }
}
