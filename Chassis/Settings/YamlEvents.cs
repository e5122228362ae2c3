using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Chassis.Settings;

/// <summary>
/// The events of one YAML document, with limits for number and nesting, and the target of each alias. No node is hashed or
/// compared: a key is used only after it was found to be a plain word.
/// </summary>
internal sealed class YamlEvents
{
    /// <summary>Most levels of lists and mappings.</summary>
    public const int MaxDepth = 16;

    // A policy of 1,000 rules has about 20,000 events.
    private const int MaxEvents = 100_000;

    private readonly List<ParsingEvent> _events = [];
    private readonly Dictionary<int, int> _aliases = [];
    private readonly Dictionary<string, int> _anchors = new(StringComparer.Ordinal);

    private YamlEvents(string file) => File = file;

    /// <summary>The name of the text in errors.</summary>
    public string File { get; }

    /// <summary>The number of events.</summary>
    public int Count => _events.Count;

    /// <summary>An event of a node: scalar, start or end of a list or mapping, or alias.</summary>
    public ParsingEvent this[int index] => _events[index];

    /// <summary>The index at which the target of an alias begins.</summary>
    public int TargetOf(int alias) => _aliases[alias];

    /// <summary>Reads all events.</summary>
    /// <exception cref="UsageException">The text is not YAML, has several documents, or is too deeply nested or too long.</exception>
    public static YamlEvents Read(TextReader text, string file)
    {
        var events = new YamlEvents(file);
        var whole = text.ReadToEnd();
        var parser = new Parser(new StringReader(whole));
        var line = 1L;
        try
        {
            for (var (depth, documents) = (0, 0); parser.MoveNext();)
            {
                var current = parser.Current!;
                line = current.End.Line;
                depth += current.NestingIncrease;
                // The stream and the document are two levels.
                if (depth > MaxDepth + 2)
                    throw events.Error(line, "nested too deep for a configuration");
                if (current is DocumentStart && ++documents > 1)
                    throw events.Error(current.Start.Line, "only one YAML document is expected, and another one starts here");
                if (current is not (StreamStart or StreamEnd or DocumentStart or DocumentEnd))
                    events.Add(current);
            }
        }
        catch (YamlException error) when (TabbedLine(whole, error.Start.Line) is { } tabbed)
        {
            throw new UsageException($"{file}:{tabbed}: a tab stands before the first word; YAML allows only spaces there", error);
        }
        catch (YamlException error)
        {
            throw new UsageException($"{file}:{error.Start.Line}: {error.Message.ReplaceLineEndings(" ")}", error);
        }
        catch (Exception error) when (error is not UsageException)
        {
            // For example, YamlDotNet throws InvalidOperationException for a list that is not closed.
            throw new UsageException($"{file}:{line}: the text from here on is not YAML; maybe a bracket or quote is not closed", error);
        }

        return events;
    }

    /// <summary>An error at a line of the text.</summary>
    public UsageException Error(long line, string reason) => new($"{File}:{line}: {reason}");

    // The line with the tab. The parser names only the line where the list or mapping begins.
    private static int? TabbedLine(string text, long from)
    {
        var lines = text.Split('\n');
        for (var i = (int)from - 1; i < lines.Length; i++)
        {
            if (lines[i].AsSpan(0, lines[i].Length - lines[i].AsSpan().TrimStart(" \t").Length).Contains('\t'))
                return i + 1;
        }

        return null;
    }

    private void Add(ParsingEvent node)
    {
        if (_events.Count == MaxEvents)
            throw Error(node.Start.Line, "too many values for a configuration");
        switch (node)
        {
            case AnchorAlias alias:
                if (!_anchors.TryGetValue(alias.Value.Value, out var target))
                    throw Error(node.Start.Line, $"there is no anchor &{OneLine.Of(alias.Value.Value)} above this alias");
                _aliases.Add(_events.Count, target);
                break;
            case NodeEvent { Anchor: { IsEmpty: false } anchor }:
                _anchors[anchor.Value] = _events.Count;
                break;
        }

        _events.Add(node);
    }
}
