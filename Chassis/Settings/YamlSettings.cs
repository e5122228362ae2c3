using YamlDotNet.Core.Events;

namespace Chassis.Settings;

/// <summary>Flattens the nodes of a YAML document into settings with keys such as <c>listeners.0.role</c>.</summary>
internal sealed class YamlSettings
{
    // Values, with those that aliases repeat: nested aliases would multiply them.
    private const int MaxNodes = 20_000;

    // The longest that a program knows is a transform's name, of 64.
    private const int MaxKeyLength = 256;

    private readonly YamlEvents _events;
    private readonly List<Setting> _settings = [];
    private int _nodes;

    private YamlSettings(YamlEvents events) => _events = events;

    /// <summary>The settings of a document.</summary>
    /// <exception cref="UsageException">It is no mapping, a key is no plain word or stands twice, or a value is missing.</exception>
    public static IReadOnlyList<Setting> Read(YamlEvents events)
    {
        var settings = new YamlSettings(events);
        if (events.Count > 0)
            settings.Add(0, "", depth: 0);
        return settings._settings;
    }

    /// <returns>Where the next node begins.</returns>
    private int Add(int at, string key, int depth)
    {
        var node = _events[at];
        if (depth > YamlEvents.MaxDepth || ++_nodes > MaxNodes)
            throw _events.Error(node.Start.Line, $"{key}: nested too deep or too many values for a configuration");
        switch (node)
        {
            case AnchorAlias:
                // One that stands within what it means is found by the depth.
                Add(_events.TargetOf(at), key, depth + 1);
                return at + 1;
            case Scalar scalar when key.Length > 0:
                _settings.Add(scalar.Value.Length > 0 ? new Setting(key, scalar.Value, Origin(node, key)) : throw Missing(node, key));
                return at + 1;
            case SequenceStart when key.Length > 0:
                return AddList(at, key, depth);
            case MappingStart:
                return AddMapping(at, key, depth);
            // A file of comments alone is empty, not wrong.
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
        // An empty list is not taken for the default, which may match or allow more than nothing.
        return index > 0 ? at + 1 : throw Missing(_events[start], key);
    }

    private int AddMapping(int start, string key, int depth)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var at = start + 1;
        while (_events[at] is not MappingEnd)
        {
            var name = NameAt(at);
            if (!names.Add(name))
                throw _events.Error(_events[at].Start.Line, $"Duplicate key {name}");
            at = Add(at + 1, key.Length > 0 ? $"{key}.{name}" : name, depth + 1);
        }

        return names.Count > 0 || key.Length == 0 ? at + 1 : throw Missing(_events[start], key);
    }

    private string NameAt(int at) => _events[at] switch
    {
        Scalar { Value.Length: 0 } => throw _events.Error(_events[at].Start.Line, "a key is missing before the colon"),
        Scalar { Value: { Length: <= MaxKeyLength } name } => name,
        Scalar => throw _events.Error(_events[at].Start.Line, $"a key has at most {MaxKeyLength} characters"),
        _ => throw _events.Error(_events[at].Start.Line, "a key must be a word, not a list, a mapping or an alias"),
    };

    private UsageException Missing(ParsingEvent node, string key) =>
        new($"{Origin(node, key)}: a value is missing; leave the key out if none is meant");

    private string Origin(ParsingEvent node, string key) => $"{_events.File}:{node.Start.Line}: {key}";
}
