using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chassis;

namespace Injection.Text;

/// <summary>A file of manifests: YAML with one or many documents, or JSON.</summary>
internal static partial class ManifestFile
{
    /// <summary>Changes the objects of a file. All text that need not change stays as it is.</summary>
    /// <param name="text">The text of the file.</param>
    /// <param name="name">The name of the file in errors.</param>
    /// <param name="change">Changes one object, and makes errors at a path from its root.</param>
    /// <returns>The new text.</returns>
    /// <exception cref="UsageException">The file is not YAML or JSON, or has errors: a line for each.</exception>
    public static string Rewrite(string text, string name, Action<Patch, ErrorAt> change)
    {
        if (TryReadJson(text) is { } json)
            return RewriteJson(text, json, name, change);
        var result = new StringBuilder();
        var errors = new List<string>();
        var lines = 0;
        foreach (var part in Documents(text))
        {
            try
            {
                result.Append(RewriteDocument(part, name, lines, change));
            }
            catch (UsageException error)
            {
                errors.AddRange(error.Lines);
            }

            lines += part.AsSpan().Count('\n');
        }

        return errors.Count == 0 ? result.ToString() : throw new UsageException(errors);
    }

    private static string RewriteDocument(string text, string name, int lineBefore, Action<Patch, ErrorAt> change)
    {
        var document = YamlDocument.Read(text, name, lineBefore);
        if (document.ToJson() is not JsonObject root)
            return text;
        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var (patch, before) = (new Patch(root), document);
        change(patch, (path, reason) => before.Error(Nearest(before, path), reason));
        foreach (var step in patch.Changes)
            document = YamlDocument.Read(new YamlEditor(document, newLine).Apply(step), name, lineBefore);
        // The edit of the text must mean the same as the patch.
        if (!JsonNode.DeepEquals(document.ToJson(), patch.Root))
            throw before.Error(before.Root, "this shape of YAML cannot be changed; write the object in block style");
        return document.Text;
    }

    private static string RewriteJson(string text, JsonNode root, string name, Action<Patch, ErrorAt> change)
    {
        var patch = new Patch(root);
        change(patch, (path, reason) => new UsageException($"{name}: {(path.Count > 0 ? string.Join('.', path) + ": " : "")}{reason}"));
        if (patch.Changes.Count == 0)
            return text;
        var indent = Indent().Match(text);
        var options = new JsonWriterOptions { Indented = indent.Success, IndentSize = indent.Success ? indent.Groups["spaces"].Length : 2, NewLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options))
            patch.Root.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.ToArray()) + (text.EndsWith('\n') ? options.NewLine : "");
    }

    private static JsonNode? TryReadJson(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{"))
            return null;
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            // It can still be YAML in brackets, or several documents.
            return null;
        }
    }

    // Each part begins with its line "---". A comment before the first one is a part without a document.
    private static IEnumerable<string> Documents(string text)
    {
        var start = 0;
        foreach (Match match in Separator().Matches(text))
        {
            if (match.Index > start)
                yield return text[start..match.Index];
            start = match.Index;
        }

        yield return text[start..];
    }

    private static YamlNode? Nearest(YamlDocument document, IReadOnlyList<string> path) =>
        Enumerable.Range(0, path.Count + 1).Select(skipped => document.Find(path.SkipLast(skipped))).FirstOrDefault(node => node is not null);

    // In a block of lines the text is indented, so a line that begins with --- always separates documents.
    [GeneratedRegex(@"^---(\s|\z)", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Separator();

    [GeneratedRegex(@"\A\s*\{\r?\n(?<spaces> +)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Indent();
}

/// <summary>Makes an error at the place of a path, or of what is nearest above it.</summary>
internal delegate UsageException ErrorAt(IReadOnlyList<string> path, string reason);
