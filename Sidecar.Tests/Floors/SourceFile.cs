using System.Text.RegularExpressions;

namespace Sidecar.Tests.Floors;

/// <summary>A source file of a project.</summary>
/// <param name="Name">Without folder and extension.</param>
/// <param name="Path">Its folders below the project's; empty for the project's own.</param>
/// <param name="Namespace">Null when it declares none.</param>
/// <param name="Usings">The namespaces that it uses.</param>
internal sealed partial record SourceFile(string Name, string[] Path, string? Namespace, IReadOnlyList<string> Usings)
{
    /// <summary>The project's folder that it is in; null for the project's own.</summary>
    public string? Folder => Path.FirstOrDefault();

    /// <summary>All of a project, without what builds leave there.</summary>
    public static IEnumerable<SourceFile> All(string project) =>
        from file in new DirectoryInfo(project).EnumerateFiles("*.cs", SearchOption.AllDirectories)
        let path = System.IO.Path.GetRelativePath(project, file.DirectoryName!).Split(System.IO.Path.DirectorySeparatorChar)
        where path[0] is not ("bin" or "obj")
        select Read(file, path is ["."] ? [] : path);

    private static SourceFile Read(FileInfo file, string[] path)
    {
        var text = File.ReadAllText(file.FullName);
        var space = NamespacePattern().Match(text);
        return new SourceFile(
            System.IO.Path.GetFileNameWithoutExtension(file.Name), path, space.Success ? space.Groups["name"].Value : null,
            [.. UsingPattern().Matches(text).Select(match => match.Groups["name"].Value)]);
    }

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex NamespacePattern();

    // Also of an alias and of static members.
    [GeneratedRegex(@"^(global )?using (static |\w+ = )?(?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex UsingPattern();
}
