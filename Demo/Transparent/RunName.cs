using System.Globalization;
using System.Text.RegularExpressions;

namespace Demo.Transparent;

/// <summary>Names what a run makes on this machine, so that a later run knows it, and knows whether it is still in use.</summary>
/// <param name="Creator">The process that made it.</param>
internal readonly partial record struct RunName(int Creator)
{
    /// <summary>This process's own.</summary>
    public static RunName Own => new(Environment.ProcessId);

    /// <summary>What the namespaces' and folders' names begin with.</summary>
    public string Prefix => string.Create(CultureInfo.InvariantCulture, $"sidecar-demo-{Creator}-");

    /// <summary>The interface that joins this machine to the pods; Linux allows 15 characters, a process id has at most 7.</summary>
    public string HostInterface => string.Create(CultureInfo.InvariantCulture, $"scdemo{Creator}");

    /// <summary>Whether the process that made it still runs.</summary>
    public bool IsInUse => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{Creator}"));

    /// <summary>The run that has this name; null if the name does not follow the pattern.</summary>
    public static RunName? Of(string name) =>
        Pattern().Match(name) is { Success: true } match && int.TryParse(match.Groups["pid"].Value, CultureInfo.InvariantCulture, out var creator)
            ? new RunName(creator)
            : null;

    [GeneratedRegex("^(sidecar-demo-(?<pid>[1-9][0-9]*)-.+|scdemo(?<pid>[1-9][0-9]*))$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
