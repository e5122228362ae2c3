using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Chassis.Settings;

/// <summary>Settings from a YAML file, each with its line, as <c>file:line: key</c>.</summary>
public static class YamlSource
{
    // A configuration is written by hand; this only stops a wrong path (a video, a core dump) from being read whole.
    private const int MaxCharacters = 1 << 20;

    private const int MaxDepth = 16;

    // Nodes, not values: nested aliases to empty lists would multiply without ever adding a value.
    private const int MaxNodes = 20_000;

    /// <summary>Reads a file into settings.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it, for the error.</param>
    /// <exception cref="UsageException">The file cannot be read, is larger than 1 MiB or is no YAML mapping, or a value is missing.</exception>
    public static IReadOnlyList<Setting> ReadFile(string path, string option) =>
        Read(new StringReader(ReadText(path, option)), path);

    /// <summary>Reads a file as text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it, for the error.</param>
    /// <exception cref="UsageException">The file cannot be read or is larger than 1 MiB.</exception>
    public static string ReadText(string path, string option)
    {
        try
        {
            using var reader = new StreamReader(path);
            // The length is not asked for: a device or a pipe has none.
            var text = new StringBuilder();
            var block = new char[4096];
            for (var length = reader.Read(block); length > 0; length = reader.Read(block))
            {
                text.Append(block, 0, length);
                if (text.Length > MaxCharacters)
                    throw new UsageException($"{option} '{path}': larger than 1 MiB; this is no configuration file");
            }

            return text.ToString();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option} '{path}': {error.Message}", error);
        }
    }

    /// <summary>Reads a text into settings; an empty one has none.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="UsageException">The text is no YAML mapping, or a value is missing.</exception>
    public static IReadOnlyList<Setting> Read(TextReader text, string name)
    {
        var flattening = new Flattening(name);
        try
        {
            // The merging parser is left out on purpose: without it an alias cannot expand into a bomb.
            var whole = text.ReadToEnd();
            RefuseDeepNesting(whole, name);
            var stream = new YamlStream();
            stream.Load(new StringReader(whole));
            if (stream.Documents.Count > 1)
                throw new UsageException($"{name}:{stream.Documents[1].RootNode.Start.Line}: one YAML document is expected, here starts another");
            if (stream.Documents.Count == 1)
                flattening.Add(stream.Documents[0].RootNode, "", depth: 0);
        }
        catch (YamlException error)
        {
            throw new UsageException($"{name}:{error.Start.Line}: {error.Message.ReplaceLineEndings(" ")}", error);
        }
        catch (ArgumentException error)
        {
            // YamlDotNet's word for an empty key such as "? ,".
            throw new UsageException($"{name}: this is no YAML: {error.Message}", error);
        }

        return flattening.Settings;
    }

    // Loading recurses for each level: deep nesting would end the process by a stack overflow.
    private static void RefuseDeepNesting(string text, string name)
    {
        var parser = new Parser(new StringReader(text));
        var line = 1L;
        try
        {
            for (var depth = 0; parser.MoveNext();)
            {
                line = parser.Current!.End.Line;
                depth += parser.Current.NestingIncrease;
                if (depth > MaxDepth)
                    throw new UsageException($"{name}:{line}: nested too deep for a configuration");
            }
        }
        catch (Exception error) when (error is not (YamlException or UsageException))
        {
            // YamlDotNet throws InvalidOperationException for a list that is not closed, for one.
            throw new UsageException($"{name}:{line}: what follows is no YAML; is a bracket or quote not closed?", error);
        }
    }

    private sealed class Flattening(string file)
    {
        private int _nodes;

        public List<Setting> Settings { get; } = [];

        public void Add(YamlNode node, string key, int depth)
        {
            if (depth > MaxDepth || ++_nodes > MaxNodes)
                throw new UsageException($"{file}:{node.Start.Line}: {key}: nested too deep or too many values for a configuration");
            switch (node)
            {
                case YamlScalarNode scalar when key.Length > 0:
                    if (!string.IsNullOrEmpty(scalar.Value))
                        Settings.Add(new Setting(key, scalar.Value, Origin(node, key)));
                    else
                        throw Missing(node, key);
                    break;
                case YamlSequenceNode sequence when key.Length > 0:
                    if (sequence.Children.Count == 0)
                        throw Missing(node, key);
                    for (var i = 0; i < sequence.Children.Count; i++)
                        Add(sequence.Children[i], $"{key}.{i}", depth + 1);
                    break;
                case YamlMappingNode mapping:
                    if (mapping.Children.Count == 0 && key.Length > 0)
                        throw Missing(node, key);
                    foreach (var (name, value) in mapping.Children)
                        Add(value, key.Length > 0 ? $"{key}.{name}" : name.ToString(), depth + 1);
                    break;
                // A file of comments alone is empty, not wrong.
                case YamlScalarNode { Value: null or "" }:
                    break;
                default:
                    throw new UsageException($"{file}:{node.Start.Line}: a mapping of keys to values is expected");
            }
        }

        // An empty list is not taken for the default, which may match or allow more than nothing.
        private UsageException Missing(YamlNode node, string key) =>
            new($"{Origin(node, key)}: a value is missing; leave the key out if none is meant");

        private string Origin(YamlNode node, string key) => $"{file}:{node.Start.Line}: {key}";
    }
}
