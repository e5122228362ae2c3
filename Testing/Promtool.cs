using Processes;
using Xunit;

namespace Testing;

/// <summary>Prometheus' own check of a metrics page.</summary>
internal static class Promtool
{
    private const string Program = "/usr/bin/promtool";

    /// <summary>Runs <c>promtool check metrics</c>; skips the test where the program is missing.</summary>
    /// <returns>What it objects to; empty when nothing.</returns>
    public static async Task<string> CheckMetricsAsync(string page)
    {
        if (!File.Exists(Program))
            Assert.Skip($"{Program} is missing (Debian package prometheus)");
        var result = await Run.ToEndAsync(new ProcessCommand("promtool", Program, "check", "metrics"), page);
        var said = (result.Output + result.Errors).Trim();
        return result.ExitCode == 0 ? said : $"exit code {result.ExitCode}: {said}";
    }
}
