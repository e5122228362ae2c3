using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Chassis.Metrics;

/// <summary>A measurement's tags as labels. Each text exists once for each series.</summary>
internal sealed class TagSet
{
    // Clients can make up long texts; the beginning of such a label is enough.
    private const int MaxText = 256;

    private TagSet(string[] keys, string[] texts) => (Keys, Texts) = (keys, texts);

    /// <summary>The labels of the series for all measurements above the limit (OpenTelemetry's name for it).</summary>
    public static TagSet Overflow { get; } = new(["otel_metric_overflow"], ["true"]);

    public string[] Keys { get; }
    public string[] Texts { get; }

    /// <summary>Names and values of the labels. If two have the same name, the first counts.</summary>
    public (string[] Names, string[] Values) Labels()
    {
        var names = new List<string>(Keys.Length);
        var values = new List<string>(Keys.Length);
        for (var i = 0; i < Keys.Length; i++)
        {
            var name = MetricNames.ForLabel(Keys[i]);
            if (names.Contains(name, StringComparer.Ordinal))
                continue;
            names.Add(name);
            values.Add(Texts[i]);
        }

        return ([.. names], [.. values]);
    }

    public static TagSet Of(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Span<char> number = stackalloc char[32];
        var (keys, texts) = (new string[tags.Length], new string[tags.Length]);
        for (var i = 0; i < tags.Length; i++)
        {
            var text = TextOf(tags[i].Value, number);
            (keys[i], texts[i]) = (tags[i].Key, tags[i].Value is string all && all.Length == text.Length ? all : text.ToString());
        }

        return new TagSet(keys, texts);
    }

    /// <summary>The text of a tag's value; for strings, numbers and truth values without an allocation.</summary>
    public static ReadOnlySpan<char> TextOf(object? value, Span<char> number)
    {
        ReadOnlySpan<char> text = value switch
        {
            string s => s,
            bool b => b ? "true" : "false",
            ISpanFormattable f when f.TryFormat(number, out var written, default, CultureInfo.InvariantCulture) => number[..written],
            IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
            _ => value?.ToString(),
        };
        if (text.Length <= MaxText)
            return text;
        // Half a surrogate pair is not valid text.
        return text[..(char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText)];
    }
}

/// <summary>Finds a series by the tags of a measurement, without a copy of them.</summary>
internal sealed class TagSetComparer : IEqualityComparer<TagSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, TagSet>
{
    public static TagSetComparer Instance { get; } = new();

    public bool Equals(TagSet? x, TagSet? y) => ReferenceEquals(x, y)
        || (x is not null && y is not null && x.Keys.AsSpan().SequenceEqual(y.Keys) && x.Texts.AsSpan().SequenceEqual(y.Texts));

    public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, TagSet other)
    {
        if (alternate.Length != other.Keys.Length)
            return false;
        Span<char> number = stackalloc char[32];
        for (var i = 0; i < alternate.Length; i++)
        {
            if (!string.Equals(alternate[i].Key, other.Keys[i], StringComparison.Ordinal) || !TagSet.TextOf(alternate[i].Value, number).SequenceEqual(other.Texts[i]))
                return false;
        }

        return true;
    }

    // The keys of a family's series rarely differ, so the values are enough.
    public int GetHashCode([DisallowNull] TagSet obj)
    {
        var hash = obj.Texts.Length;
        foreach (var text in obj.Texts)
            hash = HashCode.Combine(hash, string.GetHashCode(text, StringComparison.Ordinal));
        return hash;
    }

    public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
    {
        Span<char> number = stackalloc char[32];
        var hash = alternate.Length;
        foreach (var (_, value) in alternate)
            hash = HashCode.Combine(hash, string.GetHashCode(TagSet.TextOf(value, number), StringComparison.Ordinal));
        return hash;
    }

    public TagSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => TagSet.Of(alternate);
}
