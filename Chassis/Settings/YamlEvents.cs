using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Chassis.Settings;

/// <summary>
/// The events of one YAML document, bounded in number and nesting, with what each alias stands for. Nothing of it is hashed
/// or compared: that a key is a plain word is known before it is used as one.
/// </summary>
internal sealed class YamlEvents
{
    /// <summary>Levels of lists and mappings.</summary>
    public const int MaxDepth = 16;

    // A policy of 1,000 rules has some 20,000 of them.
    private const int MaxEvents = 100_000;

    private readonly List<ParsingEvent> _events = [];
    private readonly Dictionary<int, int> _aliases = [];
    private readonly Dictionary<string, int> _anchors = new(StringComparer.Ordinal);

    private YamlEvents(string file) => File = file;

    /// <summary>What errors call the text.</summary>
    public string File { get; }

    /// <summary>How many there are.</summary>
    public int Count => _events.Count;

    /// <summary>An event of a node: scalar, start or end of a list or mapping, or alias.</summary>
    public ParsingEvent this[int index] => _events[index];

    /// <summary>Where the node begins that an alias stands for.</summary>
    public int TargetOf(int alias) => _aliases[alias];

    /// <summary>Reads them all.</summary>
    /// <exception cref="UsageException">The text is no YAML, has several documents, or is nested too deep or too long.</exception>
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
                // Two levels are those of stream and document.
                if (depth > MaxDepth + 2)
                    throw events.Error(line, "nested too deep for a configuration");
                if (current is DocumentStart && ++documents > 1)
                    throw events.Error(current.Start.Line, "one YAML document is expected, here starts another");
                if (current is not (StreamStart or StreamEnd or DocumentStart or DocumentEnd))
                    events.Add(current);
            }
        }
        catch (YamlException error) when (TabbedLine(whole, error.Start.Line) is { } tabbed)
        {
            throw new UsageException($"{file}:{tabbed}: a tab stands before the first word; YAML takes blanks alone", error);
        }
        catch (YamlException error)
        {
            throw new UsageException($"{file}:{error.Start.Line}: {error.Message.ReplaceLineEndings(" ")}", error);
        }
        catch (Exception error) when (error is not UsageException)
        {
            // YamlDotNet throws InvalidOperationException for a list that is not closed, for one.
            throw new UsageException($"{file}:{line}: what follows is no YAML; is a bracket or quote not closed?", error);
        }

        return events;
    }

    /// <summary>An error at a line of the text.</summary>
    public UsageException Error(long line, string reason) => new($"{File}:{line}: {reason}");

    // The parser names the line where the list or mapping began that a tab has spoilt.
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
