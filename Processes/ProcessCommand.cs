using System.Collections.ObjectModel;

namespace Processes;

/// <summary>A command line, and a name for messages and logs.</summary>
/// <param name="Name">Short and unique among the programs that run together: <c>p1</c>.</param>
/// <param name="Words">The program (a path, or a name in PATH), then its arguments; no shell expands them.</param>
public sealed record ProcessCommand(string Name, params IReadOnlyList<string> Words)
{
    /// <summary>Environment variables in addition to those of this process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// The same program; it gets SIGTERM when this process ends for any reason. A change of user cancels this, so a program that changes
    /// the user must set it again.
    /// </summary>
    public ProcessCommand EndingWithParent() => RunBy(EndWithParent);

    /// <summary>The words for this. They work for a program that becomes another one, not for a program that starts another one.</summary>
    public static IEnumerable<string> EndWithParent { get; } = ["setpriv", "--pdeathsig", "TERM"];

    /// <summary>The same program, run by another one, such as <c>ip netns exec NAME …</c>.</summary>
    public ProcessCommand RunBy(params IEnumerable<string> wrapper) => this with { Words = [.. wrapper, .. Words] };
}
