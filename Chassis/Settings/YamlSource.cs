using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Chassis.Settings;

/// <summary>Settings from a YAML file, each with its line, as <c>file:line: key</c>.</summary>
public static class YamlSource
{
    // A configuration is written by hand; this only stops a wrong path (a video, a core dump) from being read whole.
    private const int MaxBytes = 1 << 20;

    /// <summary>Reads a file into settings.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it, for the error.</param>
    /// <exception cref="UsageException">The file cannot be read, is larger than 1 MiB or is no YAML mapping.</exception>
    public static IReadOnlyList<Setting> ReadFile(string path, string option)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxBytes)
                throw new UsageException($"{option} '{path}': larger than {MaxBytes} bytes; this is no configuration file");
            using var reader = new StreamReader(file);
            return Read(reader, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option} '{path}': {error.Message}", error);
        }
    }

    /// <summary>Reads a text into settings; an empty one has none.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="UsageException">The text is no YAML mapping.</exception>
    public static IReadOnlyList<Setting> Read(TextReader text, string name)
    {
        var settings = new List<Setting>();
        try
        {
            // The merging parser is left out on purpose: without it an alias cannot expand into a bomb.
            var stream = new YamlStream();
            stream.Load(text);
            if (stream.Documents.Count > 1)
                throw new UsageException($"{name}:{stream.Documents[1].RootNode.Start.Line}: one YAML document is expected, here starts another");
            if (stream.Documents.Count == 1)
                Flatten(stream.Documents[0].RootNode, "", name, settings, depth: 0);
        }
        catch (YamlException error)
        {
            throw new UsageException($"{name}:{error.Start.Line}: {error.Message.ReplaceLineEndings(" ")}", error);
        }

        return settings;
    }

    private static void Flatten(YamlNode node, string key, string file, List<Setting> settings, int depth)
    {
        if (depth > 16 || settings.Count > 10_000)
            throw new UsageException($"{file}:{node.Start.Line}: {key}: nested too deep or too many values for a configuration");
        switch (node)
        {
            case YamlScalarNode scalar when key.Length > 0:
                // An empty value (`target:`) says nothing: the default stands.
                if (!string.IsNullOrEmpty(scalar.Value))
                    settings.Add(new Setting(key, scalar.Value, $"{file}:{node.Start.Line}: {key}"));
                break;
            case YamlSequenceNode sequence when key.Length > 0:
                for (var i = 0; i < sequence.Children.Count; i++)
                    Flatten(sequence.Children[i], $"{key}.{i}", file, settings, depth + 1);
                break;
            case YamlMappingNode mapping:
                foreach (var (name, value) in mapping.Children)
                    Flatten(value, key.Length > 0 ? $"{key}.{name}" : name.ToString(), file, settings, depth + 1);
                break;
            default:
                throw new UsageException($"{file}:{node.Start.Line}: a mapping of keys to values is expected");
        }
    }
}
