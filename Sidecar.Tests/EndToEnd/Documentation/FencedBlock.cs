using Testing;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>A fenced block of a document.</summary>
/// <param name="Document">Its file, from the repository's root.</param>
/// <param name="Line">The number of its first line.</param>
/// <param name="Language">The word behind the fence; empty for none.</param>
/// <param name="Lines">What stands between the fences.</param>
internal sealed record FencedBlock(string Document, int Line, string Language, IReadOnlyList<string> Lines)
{
    private const string Fence = "```";
    private const string Prompt = "$ ";

    /// <summary>The blocks of every document for users.</summary>
    public static IReadOnlyList<FencedBlock> All { get; } = [.. Documents().SelectMany(ReadFile)];

    /// <summary>The commands in it: each line of a shell block, or the lines behind a prompt, each with the output below it.</summary>
    public IReadOnlyList<DocumentedCommand> Commands { get; } = Language switch
    {
        "sh" => [.. Lines.Where(line => line.Length > 0).Select(line => new DocumentedCommand(line, []))],
        "" when Lines is [var first, ..] && first.StartsWith(Prompt, StringComparison.Ordinal) => [.. Transcript(Lines)],
        "" or "yaml" or "json" or "xml" or "csharp" => [],
        // Else the commands of a block in "bash" would be run by nothing.
        _ => throw new InvalidDataException($"{Document}:{Line}: a block in '{Language}' is unknown; commands stand in blocks in 'sh', or behind '{Prompt}'"),
    };

    /// <summary>The file as text.</summary>
    public string Text => string.Concat(Lines.Select(line => line + "\n"));

    /// <summary>The blocks of a text.</summary>
    public static IEnumerable<FencedBlock> Read(string document, IReadOnlyList<string> text)
    {
        for (var start = 0; start < text.Count; start++)
        {
            if (!text[start].StartsWith(Fence, StringComparison.Ordinal))
                continue;
            var lines = text.Skip(start + 1).TakeWhile(line => line != Fence).ToList();
            yield return new FencedBlock(document, start + 2, text[start][Fence.Length..], lines);
            start += lines.Count + 1;
        }
    }

    private static IEnumerable<FencedBlock> ReadFile(string file) => Read(Path.GetRelativePath(Repository.Root, file), File.ReadAllLines(file));

    private static IEnumerable<string> Documents() =>
        from folder in Directory.EnumerateDirectories(Repository.Root).Prepend(Repository.Root)
        from file in Directory.EnumerateFiles(folder, Path.GetFileName(folder) == "docs" ? "*.md" : "README.md")
        orderby file
        select file;

    private static IEnumerable<DocumentedCommand> Transcript(IReadOnlyList<string> lines)
    {
        for (var at = 0; at < lines.Count;)
        {
            var output = lines.Skip(at + 1).TakeWhile(line => !line.StartsWith(Prompt, StringComparison.Ordinal)).ToList();
            yield return new DocumentedCommand(lines[at][Prompt.Length..], output);
            at += output.Count + 1;
        }
    }
}
