using System.Globalization;

namespace Sidecar.Benchmarks.Machine;

/// <summary>Files of <c>/proc/PID</c>.</summary>
internal static class ProcFile
{
    /// <summary>Reads one.</summary>
    /// <exception cref="MeasureException">The process is gone.</exception>
    public static string Read(int processId, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/{name}");
        }
        catch (IOException error)
        {
            throw new MeasureException($"process {processId} is gone", error);
        }
    }

    /// <summary>A process and those that it started, as nginx does with its workers.</summary>
    /// <exception cref="MeasureException">The process is gone.</exception>
    public static IReadOnlyList<int> Family(int processId)
    {
        var children = Read(processId, $"task/{processId}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [processId, .. children.SelectMany(child => Family(int.Parse(child, NumberStyles.None, CultureInfo.InvariantCulture)))];
    }
}
