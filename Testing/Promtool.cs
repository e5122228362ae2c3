using System.Diagnostics;
using Xunit;

namespace Testing;

/// <summary>Prometheus' own check of a metrics page.</summary>
internal static class Promtool
{
    private const string Program = "/usr/bin/promtool";

    /// <summary>Runs <c>promtool check metrics</c>; skips the test where the program is missing.</summary>
    /// <returns>What it objects to; empty when nothing.</returns>
    public static async Task<string> CheckMetricsAsync(string page, CancellationToken cancellation)
    {
        if (!File.Exists(Program))
            Assert.Skip($"{Program} is missing (Debian package prometheus)");
        using var process = Process.Start(new ProcessStartInfo(Program, ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.StandardInput.WriteAsync(page.AsMemory(), cancellation);
        process.StandardInput.Close();
        var said = string.Concat(await output).Trim();
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 ? said : $"exit code {process.ExitCode}: {said}";
    }
}
