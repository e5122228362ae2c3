using System.Globalization;
using Oracle.Protocol;
using Sidecar.Configuration;

namespace Sidecar.Hosting;

/// <summary>The process's limit of open files, which bounds its connections.</summary>
internal static class FileDescriptors
{
    /// <summary>
    /// What connections must leave: a process at rest has some 170 (two for each thread among them), the three endpoints take
    /// up to 64 connections each, and 64 go to the Oracle's kept ones. The .NET runtime ends a process that needs a thread
    /// while no descriptor is left.
    /// </summary>
    public const int Reserve = 512;

    // Off Linux, and where the limit is "unlimited": the kernel's own ceiling, fs.nr_open.
    private const int Unlimited = 1_048_576;

    /// <summary>How many connections there is room for; at least one.</summary>
    public static int MostConnections(IReadOnlyList<ListenerOptions> listeners) => Math.Max(1, (SoftLimit() - Reserve) / Each(listeners));

    /// <summary>Descriptors of a connection: its two sockets, and at a p1 a third while it asks the Oracle.</summary>
    public static int Each(IReadOnlyList<ListenerOptions> listeners) =>
        listeners.Any(listener => listener is { Role: SidecarRole.P1, Oracle: not null }) ? 3 : 2;

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
