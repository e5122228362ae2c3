using System.Text;

namespace Sidecar.Records.Command;

/// <summary>What paths that differ in ids alone have in common: <c>/users/17/items</c> is <c>/users/{n}/items</c>.</summary>
internal static class PathTemplate
{
    // Within a word with letters: the v2 of an API and a 720p stay what they are; the segment00017 of a video does not.
    private const int MinDigits = 3;

    // So long a word of hexadecimal digits is a hash.
    private const int MinHash = 16;

    /// <summary>The template of a target; its query is left out.</summary>
    public static string Of(string target)
    {
        var end = target.AsSpan().IndexOfAny('?', '#');
        return string.Join('/', (end < 0 ? target : target[..end]).Split('/').Select(Segment));
    }

    private static string Segment(string segment)
    {
        if (Guid.TryParseExact(segment, "D", out _))
            return "{uuid}";
        var text = new StringBuilder();
        for (var rest = segment.AsSpan(); !rest.IsEmpty;)
        {
            var length = Run(rest, char.IsAsciiLetterOrDigit);
            if (length == 0)
                text.Append(rest[length++]);
            else
                AppendWord(text, rest[..length]);
            rest = rest[length..];
        }

        return text.ToString();
    }

    private static void AppendWord(StringBuilder text, ReadOnlySpan<char> word)
    {
        if (word.Length >= MinHash && Run(word, char.IsAsciiHexDigit) == word.Length && word.ContainsAnyInRange('0', '9'))
        {
            text.Append("{hash}");
            return;
        }

        if (Run(word, char.IsAsciiDigit) == word.Length)
        {
            text.Append("{n}");
            return;
        }

        while (!word.IsEmpty)
        {
            var digits = Run(word, char.IsAsciiDigit);
            if (digits >= MinDigits && word[digits..] is not ['p', ..])
                text.Append("{n}");
            else
                text.Append(word[..Math.Max(1, digits)]);
            word = word[Math.Max(1, digits)..];
        }
    }

    private static int Run(ReadOnlySpan<char> text, Func<char, bool> belongs)
    {
        var length = 0;
        while (length < text.Length && belongs(text[length]))
            length++;
        return length;
    }
}
