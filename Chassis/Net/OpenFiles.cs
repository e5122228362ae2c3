using System.Globalization;

namespace Chassis.Net;

/// <summary>
/// The process's limit of open files, which limits its connections. Connections never get all descriptors: when none is left
/// and the .NET runtime needs a thread, which has two, the runtime ends the process.
/// </summary>
public static class OpenFiles
{
    /// <summary>
    /// Descriptors that connections must leave free. A process at rest has some 170; metrics, health and admin take up to 64 connections
    /// each.
    /// </summary>
    public const int Reserve = 512;

    // If not on Linux, or if the limit is "unlimited": the kernel's own limit, fs.nr_open.
    private const int Unlimited = 1_048_576;

    /// <summary>The number of connections that the limit allows, at least one.</summary>
    /// <param name="each">Descriptors that one connection can take.</param>
    public static int Room(int each) => Math.Max(1, (SoftLimit() - Reserve) / each);

    /// <summary>RLIMIT_NOFILE; the .NET runtime raises the soft limit to the hard one before any of this runs.</summary>
    public static int SoftLimit()
    {
        const string limits = "/proc/self/limits";
        if (!File.Exists(limits))
            return Unlimited;
        // "Max open files            20000                20000                files"
        var line = File.ReadLines(limits).FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words?.Length > 3 && int.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var soft) ? soft : Unlimited;
    }
}
