using System.Text;

namespace Sidecar.Records.Command;

/// <summary>The common form of paths that differ only in ids: <c>/users/17/items</c> becomes <c>/users/{n}/items</c>.</summary>
internal static class PathTemplate
{
    // Digits in a word with letters: v2 of an API and 720p stay, segment00017 of a video does not.
    private const int MinDigits = 3;

    // A word of hexadecimal digits with this length is a hash.
    private const int MinHash = 16;

    /// <summary>The template of a target, without its query.</summary>
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
