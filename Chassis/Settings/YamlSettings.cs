using YamlDotNet.Core.Events;

namespace Chassis.Settings;

/// <summary>Flattens the nodes of a YAML document into settings with keys such as <c>listeners.0.role</c>.</summary>
internal sealed class YamlSettings
{
    // Most values, including repeated values of aliases: nested aliases would multiply them.
    private const int MaxNodes = 20_000;

    // The longest key that a program knows is a transform's name, with 64 characters.
    private const int MaxKeyLength = 256;

    private readonly YamlEvents _events;
    private readonly List<Setting> _settings = [];
    private int _nodes;

    private YamlSettings(YamlEvents events) => _events = events;

    /// <summary>The settings of a document; a duplicate key and a key without a value are errors.</summary>
    /// <exception cref="UsageException">The document is not a mapping, or a key is not a plain word.</exception>
    public static IReadOnlyList<Setting> Read(YamlEvents events)
    {
        var settings = new YamlSettings(events);
        if (events.Count > 0)
            settings.Add(0, "", depth: 0);
        return settings._settings;
    }

    /// <returns>The index of the next node.</returns>
    private int Add(int at, string key, int depth)
    {
        var node = _events[at];
        if (depth > YamlEvents.MaxDepth || ++_nodes > MaxNodes)
            throw _events.Error(node.Start.Line, $"{key}: nested too deep or too many values for a configuration");
        switch (node)
        {
            case AnchorAlias:
                // An alias inside its own target is found by the depth.
                Add(_events.TargetOf(at), key, depth + 1);
                return at + 1;
            case Scalar scalar when key.Length > 0:
                if (scalar.Value.Length > 0)
                    _settings.Add(At(node, key) with { Value = scalar.Value });
                else
                    AddMissing(node, key);
                return at + 1;
            case SequenceStart when key.Length > 0:
                return AddList(at, key, depth);
            case MappingStart:
                return AddMapping(at, key, depth);
            // A file with only comments is empty, not wrong.
            case Scalar { Value.Length: 0 }:
                return at + 1;
            default:
                throw _events.Error(node.Start.Line, "a mapping of keys to values is expected");
        }
    }

    private int AddList(int start, string key, int depth)
    {
        var (at, index) = (start + 1, 0);
        while (_events[at] is not SequenceEnd)
            at = Add(at, $"{key}.{index++}", depth + 1);
        // An empty list does not mean the default, because the default may match or allow something.
        if (index == 0)
            AddMissing(_events[start], key);
        return at + 1;
    }

    private int AddMapping(int start, string key, int depth)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var at = start + 1;
        while (_events[at] is not MappingEnd)
        {
            var name = NameAt(at);
            var inner = key.Length > 0 ? $"{key}.{name}" : name;
            if (!names.Add(name))
                _settings.Add(At(_events[at], inner) with { Problem = _events.Error(_events[at].Start.Line, $"Duplicate key {name}").Message });
            at = Add(at + 1, inner, depth + 1);
        }

        if (names.Count == 0 && key.Length > 0)
            AddMissing(_events[start], key);
        return at + 1;
    }

    private string NameAt(int at) => _events[at] switch
    {
        Scalar { Value.Length: 0 } => throw _events.Error(_events[at].Start.Line, "a key is missing before the colon"),
        Scalar { Value: { Length: <= MaxKeyLength } name } => name,
        Scalar => throw _events.Error(_events[at].Start.Line, $"a key has at most {MaxKeyLength} characters"),
        _ => throw _events.Error(_events[at].Start.Line, "a key must be a word, not a list, a mapping or an alias"),
    };

    private void AddMissing(ParsingEvent node, string key)
    {
        var setting = At(node, key);
        _settings.Add(setting with { Problem = $"{setting.Origin}: a value is missing; leave the key out if none is meant" });
    }

    private Setting At(ParsingEvent node, string key) => new(key, "", $"{_events.File}:{node.Start.Line}: {key}") { Line = (int)node.Start.Line };
}
