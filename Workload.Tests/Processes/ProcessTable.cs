using System.Globalization;

namespace Workload.Tests.Processes;

/// <summary>What <c>/proc</c> tells of other processes.</summary>
internal static class ProcessTable
{
    /// <summary>Those that a process has started and that run.</summary>
    public static IReadOnlyList<int> ChildrenOf(int parent) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && Read(id) is { State: not 'Z' } process && process.Parent == parent),
    ];

    /// <summary>Whether a process runs. One that was killed may stay for a moment until its parent, here init or a reaper, has read its status.</summary>
    public static bool IsRunning(int id) => Read(id) is { State: not 'Z' };

    // "id (name) state parent ..."; the name may hold anything.
    private static (char State, int Parent)? Read(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (words[0][0], int.Parse(words[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
