using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Hosting;

/// <summary>
/// Unmaps the pages of a native program's code and constants soon after its start, most of which only the start needs: the kernel maps
/// sixteen pages for each one that is used. Pages that are still needed come back from the page cache at their next use.
/// </summary>
internal sealed partial class StartPages : BackgroundService
{
    // Behind the last work of the start.
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private const int DontNeed = 4;

    /// <summary>Whether this is a native program, on Linux.</summary>
    public static bool Exist => !RuntimeFeature.IsDynamicCodeSupported && OperatingSystem.IsLinux();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(Delay, stoppingToken);
        foreach (var (start, length) in UnchangedMappings(File.ReadLines("/proc/self/smaps"), Environment.ProcessPath!))
            _ = Advise(start, length, DontNeed);
    }

    /// <summary>The read-only mappings of a file in which the process has written no page: only such pages can be read again.</summary>
    /// <param name="lines">Those of <c>/proc/self/smaps</c>.</param>
    /// <param name="path">The file.</param>
    internal static IEnumerable<(nuint Start, nuint Length)> UnchangedMappings(IEnumerable<string> lines, string path)
    {
        (nuint Start, nuint Length) mapping = default;
        foreach (var line in lines)
        {
            // 55d0c0a00000-55d0c0e14000 r--p 00000000 fe:00 1234    /app/Sidecar
            if (line.EndsWith(path, StringComparison.Ordinal) && line.Split(' ') is [var range, "r--p" or "r-xp", ..] && range.Split('-') is [var from, var to])
            {
                var start = nuint.Parse(from, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                mapping = (start, nuint.Parse(to, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) - start);
            }
            else if (line.StartsWith("Anonymous:", StringComparison.Ordinal) && mapping.Length > 0)
            {
                if (line.EndsWith(" 0 kB", StringComparison.Ordinal))
                    yield return mapping;
                mapping = default;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nuint address, nuint length, int advice);
}
