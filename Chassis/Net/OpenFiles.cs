using System.Globalization;

namespace Chassis.Net;

/// <summary>
/// The process's limit of open files, which bounds its connections. They never get all of them: the .NET runtime ends a
/// process that needs a thread, which has two, while no descriptor is left.
/// </summary>
public static class OpenFiles
{
    /// <summary>What connections must leave. A process at rest has some 170; metrics, health and admin take up to 64 connections each.</summary>
    public const int Reserve = 512;

    // Off Linux, and where the limit is "unlimited": the kernel's own ceiling, fs.nr_open.
    private const int Unlimited = 1_048_576;

    /// <summary>How many connections there is room for, at least one.</summary>
    /// <param name="each">Descriptors that one may take.</param>
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
