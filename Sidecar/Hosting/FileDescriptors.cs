using System.Globalization;

namespace Sidecar.Hosting;

/// <summary>The process's limit of open files, which bounds its connections.</summary>
internal static class FileDescriptors
{
    /// <summary>For listeners, epoll, pipes, assemblies, record files and the endpoints' own connections.</summary>
    public const int Reserve = 200;

    // Off Linux, and where the limit is "unlimited": the kernel's own ceiling, fs.nr_open.
    private const int Unlimited = 1_048_576;

    /// <summary>(RLIMIT_NOFILE - 200) / 2: each connection has two sockets.</summary>
    public static int DefaultMaxConnections() => Math.Max(1, (SoftLimit() - Reserve) / 2);

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

    /// <summary>
    /// Has the runtime start the thread of its timers. It would do so for the first limit of time, and starting a thread fails
    /// with OutOfMemoryException while no descriptor is left: just when the limits of refused connections are needed.
    /// </summary>
    public static void PrepareForNone()
    {
        using var timer = new Timer(static _ => { }, null, TimeSpan.FromDays(1), Timeout.InfiniteTimeSpan);
    }
}
