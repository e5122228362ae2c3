using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chassis;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Injection.Text;

/// <summary>One YAML document of a manifest: its text, and its nodes with their places in it.</summary>
internal sealed partial class YamlDocument
{
    // Manifests have some ten levels; the API server refuses more than a few hundred.
    private const int MaxDepth = 100;

    // Nested aliases would multiply the nodes.
    private const int MaxNodes = 1_000_000;

    private readonly Parser _parser;
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);
    private readonly string _name;
    private readonly int _lineBefore;
    private int _nodes;

    private YamlDocument(string text, string name, int lineBefore)
    {
        (Text, _name, _lineBefore) = (text, name, lineBefore);
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>The root; null if the document has only comments.</summary>
    public YamlNode? Root { get; private set; }

    /// <summary>Reads a document.</summary>
    /// <param name="text">Its text, with the line <c>---</c> before it, if it has one.</param>
    /// <param name="name">The name of the file in errors.</param>
    /// <param name="lineBefore">Lines of the file before this text.</param>
    /// <exception cref="UsageException">The text is not one YAML document.</exception>
    public static YamlDocument Read(string text, string name, int lineBefore = 0)
    {
        var document = new YamlDocument(text, name, lineBefore);
        try
        {
            document.ReadAll();
        }
        catch (YamlException error)
        {
            throw document.Error(error.Start.Line, error.Message.ReplaceLineEndings(" "));
        }
        catch (Exception error) when (error is not UsageException)
        {
            // For example, YamlDotNet throws InvalidOperationException for a list that is not closed.
            throw document.Error(document._parser.Current?.End.Line ?? 1, "the text from here on is not YAML; maybe a bracket or quote is not closed");
        }

        return document;
    }

    /// <summary>The content as JSON has it.</summary>
    public JsonNode? ToJson()
    {
        _nodes = 0;
        return Root is null ? null : ToJson(Root);
    }

    /// <summary>The node at a path; null if there is none.</summary>
    public YamlNode? Find(IEnumerable<string> path)
    {
        var node = Root;
        foreach (var part in path)
        {
            node = Resolved(node) switch
            {
                YamlMapping mapping when mapping.IndexOf(part) is >= 0 and var index => mapping.Entries[index].Value,
                YamlSequence list when int.TryParse(part, CultureInfo.InvariantCulture, out var index) && index < list.Items.Count => list.Items[index],
                _ => null,
            };
        }

        return node;
    }

    /// <summary>An error at a node.</summary>
    public UsageException Error(YamlNode? node, string reason) => Error(node?.Line ?? 1, reason);

    private UsageException Error(long line, string reason) => new($"{_name}:{_lineBefore + line}: {reason}");

    private static YamlNode? Resolved(YamlNode? node) => node is YamlAlias alias ? alias.Target : node;

    private void ReadAll()
    {
        while (_parser.MoveNext())
        {
            if (_parser.Current is not NodeEvent)
                continue;
            if (Root is not null)
                throw Error(_parser.Current.Start.Line, "a second document starts here without a line '---'");
            Root = ReadNode(0);
        }
    }

    // Leaves the parser at the last event of the node.
    private YamlNode ReadNode(int depth)
    {
        var first = _parser.Current!;
        if (depth > MaxDepth || ++_nodes > MaxNodes)
            throw Error(first.Start.Line, "nested too deep or too many values for a manifest");
        var (start, column, line) = ((int)first.Start.Index, (int)first.Start.Column - 1, (int)first.Start.Line);
        YamlNode node = first switch
        {
            Scalar scalar => new YamlScalar(scalar.Value, scalar.Style, !scalar.Tag.IsEmpty && scalar.Tag.Value == "tag:yaml.org,2002:str", (int)first.End.Index) { Start = start, Column = column, Line = line },
            AnchorAlias alias => new YamlAlias(_anchors.GetValueOrDefault(alias.Value.Value) ?? throw Error(line, $"there is no anchor &{OneLine.Of(alias.Value.Value)} above this alias"), (int)first.End.Index) { Start = start, Column = column, Line = line },
            SequenceStart list => new YamlSequence(ReadItems(depth), list.Style == SequenceStyle.Flow, BehindBracket()) { Start = start, Column = column, Line = line },
            MappingStart mapping => new YamlMapping(ReadEntries(depth), mapping.Style == MappingStyle.Flow, BehindBracket()) { Start = start, Column = column, Line = line },
            _ => throw Error(line, "a value is expected here"),
        };
        if (first is NodeEvent { Anchor: { IsEmpty: false } anchor })
            _anchors[anchor.Value] = node;
        return node;
    }

    // For the parser, a list or mapping in brackets ends before its bracket.
    private int BehindBracket() => (int)_parser.Current!.End.Index + 1;

    private List<YamlNode> ReadItems(int depth)
    {
        var items = new List<YamlNode>();
        for (_parser.MoveNext(); _parser.Current is not SequenceEnd; _parser.MoveNext())
            items.Add(ReadNode(depth + 1));
        return items;
    }

    private List<YamlEntry> ReadEntries(int depth)
    {
        var entries = new List<YamlEntry>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (_parser.MoveNext(); _parser.Current is not MappingEnd; _parser.MoveNext())
        {
            if (ReadNode(depth + 1) is not YamlScalar key)
                throw Error(_parser.Current!.Start.Line, "a key is one word");
            if (!keys.Add(key.Value))
                throw Error(key, $"the key '{OneLine.Of(key.Value)}' is here twice");
            _parser.MoveNext();
            entries.Add(new YamlEntry(key, ReadNode(depth + 1)));
        }

        return entries;
    }

    private JsonNode? ToJson(YamlNode node)
    {
        if (++_nodes > MaxNodes)
            throw Error(node, "too many values for a manifest");
        switch (node)
        {
            case YamlAlias alias:
                return ToJson(alias.Target);
            case YamlSequence list:
                return new JsonArray([.. list.Items.Select(ToJson)]);
            case YamlMapping mapping:
                if (mapping.IndexOf("<<") is >= 0 and var merge)
                    throw Error(mapping.Entries[merge].Key, "a merge key (<<) is not supported in a workload; write the entries out");
                return new JsonObject(mapping.Entries.Select(entry => KeyValuePair.Create(entry.Key.Value, ToJson(entry.Value))));
            default:
                return ToJson((YamlScalar)node);
        }
    }

    // The core schema of YAML 1.2, section 10.3.2.
    private static JsonValue? ToJson(YamlScalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || scalar.IsText)
            return JsonValue.Create(text);
        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when WholeNumber().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when Fraction().IsMatch(text) => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
            _ => JsonValue.Create(text),
        };
    }

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex WholeNumber();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Fraction();
}
