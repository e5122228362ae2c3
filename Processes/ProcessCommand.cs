using System.Collections.ObjectModel;

namespace Processes;

/// <summary>A command line and the name that messages and logs give to what it runs.</summary>
/// <param name="Name">Short and unique among the programs that run together: <c>p1</c>.</param>
/// <param name="Words">The program (a path, or a name found in PATH), then its arguments; nothing is expanded by a shell.</param>
public sealed record ProcessCommand(string Name, params IReadOnlyList<string> Words)
{
    /// <summary>Environment variables besides those of this process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// The same program, told to end (SIGTERM) when this process does, whatever ends it. A change of user takes that back: who
    /// changes the user says it again.
    /// </summary>
    public ProcessCommand EndingWithParent() => RunBy(EndWithParent);

    /// <summary>The words that do so; it works for what becomes another program and does not start one.</summary>
    public static IEnumerable<string> EndWithParent { get; } = ["setpriv", "--pdeathsig", "TERM"];

    /// <summary>The same program run by another one, as in <c>ip netns exec NAME …</c>.</summary>
    public ProcessCommand RunBy(params IEnumerable<string> wrapper) => this with { Words = [.. wrapper, .. Words] };
}
