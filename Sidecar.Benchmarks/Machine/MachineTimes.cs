using System.Globalization;

namespace Sidecar.Benchmarks.Machine;

/// <summary>The time that all processors together were busy, as the kernel accounts it in <c>/proc/stat</c>.</summary>
internal static class MachineTimes
{
    // USER_HZ, as in ProcessTimes.
    private const double TicksPerSecond = 100;

    // proc(5): cpu user nice system idle iowait irq softirq steal; the last was another machine's.
    private static readonly int[] Busy = [1, 2, 3, 6, 7];

    /// <summary>Seconds so far.</summary>
    public static double Read() => Parse(File.ReadLines("/proc/stat").First());

    /// <summary>Reads the first line of that file.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static double Parse(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields is ["cpu", ..] && fields.Length > Busy[^1]
            ? Busy.Sum(field => ulong.Parse(fields[field], NumberStyles.None, CultureInfo.InvariantCulture) / TicksPerSecond)
            : throw new FormatException($"'{line}': the first line of /proc/stat is expected");
    }
}
