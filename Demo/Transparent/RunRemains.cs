using System.Diagnostics;
using System.Globalization;
using Processes;

namespace Demo.Transparent;

/// <summary>Removes what runs made on this machine: one's own at its end, that of a killed one before the next starts.</summary>
internal static class RunRemains
{
    private const string Namespaces = "/run/netns";
    private const string Interfaces = "/sys/class/net";

    // A second Ctrl-C may end a command before it can ignore the signal; the next attempt does its work.
    private const int Attempts = 3;

    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KillInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs of a creator that is gone, and those with this process's id, because this process has made nothing yet.</summary>
    public static IReadOnlyList<RunName> FindLeftBehind() => [.. Names().Select(RunName.Of)
        .Where(run => run is { } some && (!some.IsInUse || some == RunName.Own))
        .Select(run => run!.Value).Distinct()];

    /// <summary>What is there of a run.</summary>
    public static IReadOnlyList<string> Of(RunName run) => [.. Names().Where(name => RunName.Of(name) == run)];

    /// <summary>Kills what still runs in the namespaces, then removes interface, namespaces and folders. Goes on after a fault.</summary>
    /// <exception cref="ProcessFailedException">Something is left; says why.</exception>
    public static async Task RemoveAsync(RunName run)
    {
        IReadOnlyList<string> faults = [];
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            faults = await TryRemoveAsync(run);
            if (faults.Count == 0)
                return;
        }

        throw new ProcessFailedException($"not everything could be removed:\n{string.Join('\n', faults)}");
    }

    private static async Task<IReadOnlyList<string>> TryRemoveAsync(RunName run)
    {
        var faults = new List<string>();
        var namespaces = In(Namespaces, run);
        foreach (var name in namespaces)
            await TryAsync(() => KillAllAsync(name), () => File.Exists(Path.Combine(Namespaces, name)), faults);
        foreach (var name in In(Interfaces, run))
            await TryAsync(() => ShortCommand.RunAsync("ip", "link", "del", name), () => Directory.Exists(Path.Combine(Interfaces, name)), faults);
        foreach (var name in namespaces)
            await TryAsync(() => ShortCommand.RunAsync("ip", "netns", "del", name), () => File.Exists(Path.Combine(Namespaces, name)), faults);
        foreach (var folder in In(Path.GetTempPath(), run).Select(name => Path.Combine(Path.GetTempPath(), name)))
            await TryAsync(() => ShortCommand.RunAsync("rm", "-rf", "--one-file-system", "--", folder), () => Directory.Exists(folder), faults);
        return faults;
    }

    private static IEnumerable<string> Names() => new[] { Namespaces, Interfaces, Path.GetTempPath() }.SelectMany(Entries);

    private static IReadOnlyList<string> In(string folder, RunName run) => [.. Entries(folder).Where(name => RunName.Of(name) == run)];

    private static IEnumerable<string> Entries(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)) : [];

    // Another run may have removed the same leftover in between: then all is well.
    private static async Task TryAsync(Func<Task> remove, Func<bool> isThere, List<string> faults)
    {
        try
        {
            await remove();
        }
        catch (ProcessFailedException error) when (isThere())
        {
            faults.Add($"  {error.Message}");
        }
        catch (ProcessFailedException)
        {
            // Gone.
        }
    }

    private static async Task KillAllAsync(string name)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            var processes = (await ShortCommand.RunAsync("ip", "netns", "pids", name))
                .Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Where(id => id != Environment.ProcessId).ToList();
            if (processes.Count == 0)
                return;
            if (clock.Elapsed > KillLimit)
                throw new ProcessFailedException($"{name}: processes {string.Join(", ", processes)} do not end");
            foreach (var process in processes)
                Signals.Send(process, ProcessSignal.Kill);
            await Task.Delay(KillInterval);
        }
    }
}
