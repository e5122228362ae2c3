namespace Sidecar.Tests.Floors;

/// <summary>Folders and which of them each one needs, with one use of a type for each such need.</summary>
internal sealed class FolderGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _needs = [];

    /// <summary>The graph of what uses what; a use within one folder is none of a folder.</summary>
    public FolderGraph(IEnumerable<(string User, string Used, string Why)> uses)
    {
        foreach (var (user, used, why) in uses.Where(use => use.User != use.Used))
        {
            _needs.TryAdd(user, []);
            _needs.TryAdd(used, []);
            _needs[user].TryAdd(used, why);
        }
    }

    /// <summary>The uses between the folders of types: a type's folder is the first word of its namespace behind the root's; one that has none stands for itself.</summary>
    public static IEnumerable<(string User, string Used, string Why)> Compiled(IEnumerable<Type> types, string root) => TypeUses.Of(types).Where(use => !IsShared(use.Used, root)).Select(use =>
        (FolderOf(use.User.Namespace, root) ?? use.User.Name, FolderOf(use.Used.Namespace, root) ?? use.Used.Name, $"{use.User.Name}.{use.Member} uses {use.Used.Name}"));

    /// <summary>The uses that sources name: what is a constant is nowhere else.</summary>
    /// <param name="folder">The folder of the root; each file directly in it stands for itself.</param>
    /// <param name="root">Its namespace.</param>
    public static IEnumerable<(string User, string Used, string Why)> Written(string folder, string root) =>
        from file in SourceFile.All(folder)
        from space in file.Usings
        let used = FolderOf(space, root)
        where used is not null
        select (file.Folder ?? file.Name, used, $"{file.Name}.cs says using {space}");

    /// <summary>All of them.</summary>
    public IEnumerable<string> Folders => _needs.Keys;

    /// <summary>What a folder needs.</summary>
    public IEnumerable<string> NeedsOf(string folder) => _needs[folder].Keys;

    /// <summary>The shortest cycle, a line for each step of it; none when there is no cycle.</summary>
    public IReadOnlyList<string> ShortestCycle() =>
        _needs.Keys.Select(WayBack).Where(way => way.Count > 0).MinBy(way => way.Count)
            ?.Select(step => $"{step.User} -> {step.Used}, because {_needs[step.User][step.Used]}").ToList() ?? [];

    // Breadth first from a folder until one needs it.
    private List<(string User, string Used)> WayBack(string folder)
    {
        var comesFrom = new Dictionary<string, string>();
        var open = new Queue<string>([folder]);
        while (open.TryDequeue(out var user))
        {
            foreach (var used in _needs[user].Keys)
            {
                if (!comesFrom.TryAdd(used, user))
                {
                    continue;
                }

                if (used != folder)
                {
                    open.Enqueue(used);
                    continue;
                }

                List<(string, string)> steps = [];
                for (var at = folder; steps.Count == 0 || at != folder; at = comesFrom[at])
                {
                    steps.Insert(0, (comesFrom[at], at));
                }

                return steps;
            }
        }

        return [];
    }

    // What the compiler and generators make for the whole assembly is in no folder.
    private static bool IsShared(Type type, string root) => type.Name is ['<', ..] && FolderOf(type.Namespace, root) is null;

    private static string? FolderOf(string? space, string root) =>
        space?.StartsWith(root + ".", StringComparison.Ordinal) == true ? space[(root.Length + 1)..].Split('.')[0] : null;
}
