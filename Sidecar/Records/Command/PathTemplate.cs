using System.Text.RegularExpressions;

namespace Sidecar.Records.Command;

/// <summary>What paths that differ in ids alone have in common: <c>/users/17/items</c> is <c>/users/{n}/items</c>.</summary>
internal static partial class PathTemplate
{
    /// <summary>The template of a target; its query is left out.</summary>
    public static string Of(string target)
    {
        var end = target.AsSpan().IndexOfAny('?', '#');
        var path = end < 0 ? target : target[..end];
        path = Uuids().Replace(path, "{uuid}");
        path = Hashes().Replace(path, "{hash}");
        return Numbers().Replace(path, "{n}");
    }

    [GeneratedRegex("(?<![0-9a-zA-Z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-zA-Z])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Uuids();

    // A word of 16 hexadecimal digits and more with a digit among the first of them: no English is that.
    [GeneratedRegex("(?<![0-9a-zA-Z])(?=[a-f]{0,15}[0-9])[0-9a-f]{16,}(?![0-9a-zA-Z])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Hashes();

    // A whole segment, or three digits and more: the v2 of an API and a 720p stay what they are, the segment00017 of a video does not.
    [GeneratedRegex("(?<=/)[0-9]+(?=/|$)|[0-9]{3,}(?!p)(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();
}
