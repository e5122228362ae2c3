using System.Globalization;

namespace Sidecar.Benchmarks.Machine;

/// <summary>The resident memory of processes: <c>VmRSS</c> of <c>/proc/PID/status</c>.</summary>
internal static class ProcessMemory
{
    private const string Field = "VmRSS:";

    /// <summary>Bytes resident at this moment.</summary>
    /// <exception cref="MeasureException">The process is gone.</exception>
    public static long Of(int processId) => Parse(ProcFile.Read(processId, "status"));

    /// <summary>Reads the text of a <c>status</c> file.</summary>
    /// <exception cref="FormatException">It does not say, as that of a process that has ended.</exception>
    public static long Parse(string status)
    {
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line?[Field.Length..].Trim().Split(' ') is [var kilobytes, "kB"]
            ? long.Parse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture) * 1024
            : throw new FormatException("'VmRSS: N kB' is expected in /proc/PID/status");
    }
}
