using System.Text.RegularExpressions;

namespace Demo.Verification;

/// <summary>The resources that an HLS playlist (RFC 8216) names, of whatever kind: renditions, segments, initialization sections, subtitles, keys.</summary>
internal static partial class HlsPlaylist
{
    private const string FirstLine = "#EXTM3U";

    /// <summary>Whether a file starts as a playlist must.</summary>
    public static bool Is(ReadOnlySpan<byte> content) => content.StartsWith("#EXTM3U"u8);

    /// <summary>Reads the URIs, as written, in the order of the playlist; one that is named twice comes once.</summary>
    /// <exception cref="FormatException">The text is no playlist.</exception>
    public static IReadOnlyList<string> References(string text)
    {
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (lines[0] != FirstLine)
            throw new FormatException($"a playlist starts with {FirstLine}, this text with '{lines[0][..Math.Min(lines[0].Length, 40)]}'");
        return [.. lines.Select(Reference).OfType<string>().Distinct()];
    }

    private static string? Reference(string line) => line switch
    {
        "" => null,
        ['#', ..] => UriAttribute().Match(line) is { Success: true } match ? match.Groups["uri"].Value : null,
        _ => line,
    };

    // Attributes follow the tag's colon, separated by commas; a quoted one cannot hold a quote (RFC 8216 section 4.2).
    [GeneratedRegex("^#EXT[A-Z0-9-]*:(?:[^\"]|\"[^\"]*\")*?(?<=[:,])URI=\"(?<uri>[^\"]*)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UriAttribute();
}
