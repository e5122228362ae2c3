using System.Globalization;
using System.Text.Json.Nodes;
using Chassis;

namespace Injection.Text;

/// <summary>
/// Makes one change in the text of a document, and leaves all other text as it is: comments, order, quotes and line ends.
/// The caller compares the result with the change, so a shape that it does not know becomes an error, never a wrong manifest.
/// </summary>
/// <param name="document">The document.</param>
/// <param name="newLine">The line end of the file.</param>
internal sealed class YamlEditor(YamlDocument document, string newLine)
{
    private readonly string _text = document.Text;
    private readonly YamlWriter _writer = new(newLine);

    /// <summary>The text with the change.</summary>
    /// <exception cref="UsageException">The text has a shape that cannot be changed.</exception>
    public string Apply(Change change)
    {
        var parent = document.Find(change.Path.SkipLast(1));
        var last = change.Path[^1];
        return (parent, change.Kind) switch
        {
            (YamlMapping mapping, ChangeKind.Set) when mapping.IndexOf(last) is >= 0 and var index => Replace(mapping, index, last, change),
            (YamlMapping mapping, ChangeKind.Set) => Add(mapping, last, change),
            (YamlMapping mapping, ChangeKind.Rename) => Replace(mapping, mapping.IndexOf(last), change.Key!, change),
            (YamlMapping mapping, ChangeKind.Remove) => Remove(mapping, mapping.IndexOf(last)),
            (YamlSequence list, ChangeKind.Insert) => Insert(list, int.Parse(last, CultureInfo.InvariantCulture), change),
            (YamlSequence list, ChangeKind.Remove) => Remove(list, int.Parse(last, CultureInfo.InvariantCulture)),
            (YamlAlias alias, _) => throw document.Error(alias, "an alias (*) stands where the manifest must be changed; write the value out"),
            _ => throw document.Error(parent, $"{change.Kind} of {string.Join('/', change.Path)} is not possible here"),
        };
    }

    private string Replace(YamlMapping mapping, int index, string key, Change change)
    {
        var entry = mapping.Entries[index];
        // A single value for a single value leaves the comment behind it.
        if (key == entry.Key.Value && entry.Value is YamlScalar { IsBlock: false } old && old.End > old.Start && change.Value is JsonValue)
            return Spliced(old.Start, old.End, mapping.IsFlow ? YamlWriter.Flow(change.Value) : YamlWriter.Scalar(change.Value));
        var text = mapping.IsFlow
            ? $"{YamlWriter.Quoted(key)}: {YamlWriter.Flow(change.Value)}"
            : _writer.Entry(key, change.Value, entry.Key.Column);
        return Spliced(entry.Key.Start, TextEnd(entry.End), text);
    }

    private string Add(YamlMapping mapping, string key, Change change)
    {
        if (mapping.IsFlow || mapping.Entries.Count == 0)
            return AddToFlow(mapping.FlowEnd, mapping.Entries.Count, $"{YamlWriter.Quoted(key)}: {YamlWriter.Flow(change.Value)}");
        var before = change.Key is { } next ? mapping.IndexOf(next) : -1;
        // The place behind the entry above, because comments above an entry belong to that entry.
        var above = before > 0 ? before - 1 : mapping.Entries.Count - 1;
        var indent = mapping.Entries[0].Key.Column;
        return AddLines(mapping.Entries[above].End, indent, _writer.Entry(key, change.Value, indent));
    }

    private string Remove(YamlMapping mapping, int index)
    {
        var entry = mapping.Entries[index];
        if (mapping.IsFlow)
            return RemoveFromFlow(entry.Key.Start, entry.End, index > 0 ? mapping.Entries[index - 1].End : null, index + 1 < mapping.Entries.Count ? mapping.Entries[index + 1].Key.Start : null);
        if (mapping.Entries.Count == 1 || !IsFirstInLine(entry.Key.Start))
            throw document.Error(entry.Key, $"'{entry.Key.Value}' cannot be removed here; remove it by hand");
        return Spliced(LineStart(entry.Key.Start), LineEnd(entry.End), "");
    }

    private string Insert(YamlSequence list, int index, Change change)
    {
        if (list.IsFlow || list.Items.Count == 0)
        {
            return index < list.Items.Count
                ? Spliced(list.Items[index].Start, list.Items[index].Start, YamlWriter.Flow(change.Value) + ", ")
                : AddToFlow(list.FlowEnd, list.Items.Count, YamlWriter.Flow(change.Value));
        }

        var item = _writer.Item(change.Value, list.Column);
        if (index > 0)
            return AddLines(list.Items[index - 1].End, list.Column, item);
        // Behind the line of the list's key, because comments above the first item belong to that item.
        var at = LineStart(list.Start);
        while (at > 0 && IsCommentOrBlank(LineStart(at - 1)))
            at = LineStart(at - 1);
        return Spliced(at, at, $"{new string(' ', list.Column)}{item}{newLine}");
    }

    private string Remove(YamlSequence list, int index)
    {
        var item = list.Items[index];
        if (list.IsFlow)
            return RemoveFromFlow(item.Start, item.End, index > 0 ? list.Items[index - 1].End : null, index + 1 < list.Items.Count ? list.Items[index + 1].Start : null);
        var dash = _text.LastIndexOf('-', item.Start - 1);
        if (list.Items.Count == 1 || !IsFirstInLine(dash))
            throw document.Error(item, "the item cannot be removed here; remove it by hand");
        return Spliced(LineStart(dash), LineEnd(item.End), "");
    }

    // Lines behind the line in which the text above ends.
    private string AddLines(int above, int indent, string lines)
    {
        var at = LineEnd(above);
        var text = $"{new string(' ', indent)}{lines}{newLine}";
        return at > 0 && _text[at - 1] != '\n' ? Spliced(at, at, newLine + text[..^newLine.Length]) : Spliced(at, at, text);
    }

    private string AddToFlow(int end, int count, string text)
    {
        var close = end - 1;
        // "{ a: b }" keeps its space before the bracket.
        while (count > 0 && char.IsWhiteSpace(_text[close - 1]))
            close--;
        // A comma behind the last entry is allowed.
        return Spliced(close, close, count == 0 ? text : _text[close - 1] == ',' ? " " + text : ", " + text);
    }

    private string RemoveFromFlow(int start, int end, int? before, int? next) =>
        before is { } from ? Spliced(from, end, "") : Spliced(start, next ?? end, "");

    private bool IsFirstInLine(int index) => index >= 0 && _text.AsSpan(LineStart(index), index - LineStart(index)).Trim(' ').IsEmpty;

    private bool IsCommentOrBlank(int lineStart)
    {
        var line = _text.AsSpan(lineStart, NextLine(lineStart) - lineStart).Trim();
        return line.IsEmpty || line[0] == '#';
    }

    private int LineStart(int index) => index == 0 ? 0 : _text.LastIndexOf('\n', index - 1) + 1;

    private int NextLine(int index) => _text.IndexOf('\n', index) is >= 0 and var end ? end + 1 : _text.Length;

    // The start of the line behind a value. A block of lines ends there already.
    private int LineEnd(int index) => index > 0 && _text[index - 1] == '\n' ? index : NextLine(index);

    // Without the line end of a block of lines.
    private int TextEnd(int index)
    {
        while (_text[index - 1] is '\r' or '\n')
            index--;
        return index;
    }

    private string Spliced(int from, int to, string text) => string.Concat(_text.AsSpan(0, from), text, _text.AsSpan(to));
}
