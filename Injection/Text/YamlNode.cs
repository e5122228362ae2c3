using YamlDotNet.Core;

namespace Injection.Text;

/// <summary>A node of a YAML document, with its place in the text.</summary>
internal abstract record YamlNode
{
    /// <summary>Index of its first character.</summary>
    public required int Start { get; init; }

    /// <summary>Number of characters before it in its line.</summary>
    public required int Column { get; init; }

    /// <summary>Its line, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Index behind its last character. A comment behind it does not belong to it.</summary>
    public abstract int End { get; }
}

/// <summary>A single value.</summary>
/// <param name="Value">The text.</param>
/// <param name="Style">How it is written.</param>
/// <param name="IsText">A tag says that it is text, even if it looks like a number.</param>
/// <param name="ValueEnd">Index behind its last character; for a block of lines the start of the next line.</param>
internal sealed record YamlScalar(string Value, ScalarStyle Style, bool IsText, int ValueEnd) : YamlNode
{
    public override int End => ValueEnd;

    /// <summary>Whether it is a block of lines, written with <c>|</c> or <c>&gt;</c>.</summary>
    public bool IsBlock => Style is ScalarStyle.Literal or ScalarStyle.Folded;
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(IReadOnlyList<YamlNode> Items, bool IsFlow, int FlowEnd) : YamlNode
{
    public override int End => IsFlow || Items.Count == 0 ? FlowEnd : Items[^1].End;
}

/// <summary>A mapping.</summary>
internal sealed record YamlMapping(IReadOnlyList<YamlEntry> Entries, bool IsFlow, int FlowEnd) : YamlNode
{
    public override int End => IsFlow || Entries.Count == 0 ? FlowEnd : Entries[^1].End;

    /// <summary>The index of the entry with a key; -1 if there is none.</summary>
    public int IndexOf(string key)
    {
        for (var i = 0; i < Entries.Count; i++)
        {
            if (Entries[i].Key.Value == key)
                return i;
        }

        return -1;
    }
}

/// <summary>A reference to a node above.</summary>
internal sealed record YamlAlias(YamlNode Target, int AliasEnd) : YamlNode
{
    public override int End => AliasEnd;
}

/// <summary>A key with its value.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value)
{
    /// <summary>Index behind the value; a value that is missing ends behind the colon.</summary>
    public int End => Math.Max(Key.End, Value.End);
}
