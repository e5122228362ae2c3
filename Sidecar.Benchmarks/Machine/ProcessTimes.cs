using System.Globalization;

namespace Sidecar.Benchmarks.Machine;

/// <summary>The processor time of processes, as the kernel accounts it in <c>/proc/PID/stat</c>.</summary>
internal static class ProcessTimes
{
    // USER_HZ, the unit of that file, is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    // proc(5): utime and stime are fields 14 and 15; the first one behind the name, which may hold anything, is field 3.
    private const int UserTime = 14 - 3;
    private const int SystemTime = 15 - 3;

    /// <summary>Seconds that a process has used so far, in user mode and in the kernel.</summary>
    /// <exception cref="MeasureException">The process is gone.</exception>
    public static double Of(int processId) => Parse(ProcFile.Read(processId, "stat"));

    /// <summary>Reads the text of a <c>stat</c> file.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static double Parse(string stat)
    {
        var name = stat.LastIndexOf(')');
        var fields = stat[(name + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (name < 0 || fields.Length <= SystemTime)
            throw new FormatException($"'{stat}': a line of /proc/PID/stat is expected");
        return (Ticks(fields[UserTime]) + Ticks(fields[SystemTime])) / TicksPerSecond;
    }

    private static double Ticks(string field) => ulong.Parse(field, NumberStyles.None, CultureInfo.InvariantCulture);
}
