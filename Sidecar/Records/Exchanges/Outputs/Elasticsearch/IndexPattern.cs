using System.Globalization;
using System.Text;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>The name of an index, with the host and the day: <c>perisco-logs-%{host}-%{+yyyy.MM.dd}</c>.</summary>
internal sealed record IndexPattern
{
    /// <summary>That of perisco.</summary>
    public const string Default = "perisco-logs-%{host}";

    // Elasticsearch's limit.
    private const int MaxLength = 255;
    private const string Host = "host";

    private readonly string _text;
    private readonly IReadOnlyList<(string Text, Part Kind)> _parts;

    private IndexPattern(string text, IReadOnlyList<(string, Part)> parts) => (_text, _parts) = (text, parts);

    private enum Part
    {
        Text,
        Host,
        Date,
    }

    /// <summary>All indices of this pattern, also those of other hosts: an asterisk for each host and date.</summary>
    public string Wildcard => string.Concat(_parts.Select(part => part.Kind == Part.Text ? part.Text : "*"));

    /// <summary>Whether the name changes with the day.</summary>
    public bool HasDate => _parts.Any(part => part.Kind == Part.Date);

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static IndexPattern Parse(string text)
    {
        var parts = new List<(string, Part)>();
        for (var rest = text; rest.Length > 0;)
        {
            var start = rest.IndexOf("%{", StringComparison.Ordinal);
            if (start != 0)
            {
                parts.Add((rest[..(start < 0 ? rest.Length : start)], Part.Text));
                rest = start < 0 ? "" : rest[start..];
                continue;
            }

            var end = rest.IndexOf('}', StringComparison.Ordinal);
            parts.Add(end < 0 ? throw Wrong() : rest[2..end] switch
            {
                Host => (HostName(), Part.Host),
                ['+', .. var date] when date.Length > 0 && date.All(c => c is 'y' or 'M' or 'd' or 'H' or '.' or '-' or '_') => (date, Part.Date),
                _ => throw Wrong(),
            });
            rest = rest[(end + 1)..];
        }

        var pattern = new IndexPattern(text, parts);
        var name = pattern.NameAt(DateTimeOffset.UnixEpoch);
        if (name.Length is 0 or > MaxLength || name[0] is '-' or '_' or '+' or '.' || name.Any(c => char.IsUpper(c) || c is <= ' ' or '\\' or '/' or '*' or '?' or '"' or '<' or '>' or '|' or ',' or '#' or ':' or '%'))
            throw new FormatException($"'{name}' is no name of an index: lower case, up to {MaxLength} characters, without \\ / * ? \" < > | , # : and blanks, and not - _ + . first");
        return pattern;
    }

    /// <summary>The index at a time.</summary>
    public string NameAt(DateTimeOffset time)
    {
        var name = new StringBuilder();
        foreach (var (text, kind) in _parts)
            name.Append(kind == Part.Date ? time.UtcDateTime.ToString(text.Length == 1 ? "%" + text : text, CultureInfo.InvariantCulture) : text);
        return name.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static string HostName() => Environment.MachineName.ToLowerInvariant();

    private static FormatException Wrong() => new("%{host}, or a date of UTC such as %{+yyyy.MM.dd}, is expected");
}
