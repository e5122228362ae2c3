using System.Globalization;

namespace VideoApi.Media;

/// <summary>The parts of an HLS playlist (RFC 8216) that the catalogue needs.</summary>
/// <param name="Duration">Sum of the segments' durations; zero for a master playlist.</param>
/// <param name="FirstVariant">URI of a master playlist's first rendition; null for a media playlist.</param>
/// <param name="Title">The master playlist's title (session data <c>com.apple.hls.title</c>), if it has one.</param>
/// <param name="IsEnded">Whether it says that nothing will be added (<c>#EXT-X-ENDLIST</c>).</param>
/// <param name="References">All URIs that it names: renditions, segments, keys, initialization sections, parts.</param>
internal sealed record Playlist(TimeSpan Duration, string? FirstVariant, string? Title, bool IsEnded, IReadOnlyList<string> References)
{
    // Tags with an attribute URI that is fetched; players do not fetch those of session data and date ranges.
    private static readonly string[] WithUri =
        ["#EXT-X-KEY:", "#EXT-X-SESSION-KEY:", "#EXT-X-MAP:", "#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:", "#EXT-X-PART:"];

    private const string TitleId = "com.apple.hls.title";
    private const string Segment = "#EXTINF:";
    private const string Variant = "#EXT-X-STREAM-INF:";
    private const string SessionData = "#EXT-X-SESSION-DATA:";

    // Far more than any real segment or film has; keeps hostile sums within TimeSpan.
    private const double MaxSegmentSeconds = 86_400;
    private const double MaxSeconds = 10 * 365 * 86_400.0;

    /// <summary>Reads a playlist.</summary>
    /// <exception cref="FormatException">Says what is wrong with it and in which line.</exception>
    public static Playlist Parse(string text)
    {
        var seconds = 0.0;
        string? variant = null, title = null;
        var (number, expectsVariant, ended) = (0, false, false);
        var references = new List<string>();
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            number++;
            if (number == 1 && !line.SequenceEqual("#EXTM3U"))
                throw new FormatException("line 1: #EXTM3U is expected");
            if (line.StartsWith(Segment, StringComparison.Ordinal))
                seconds += ParseSeconds(line[Segment.Length..], number);
            else if (line.StartsWith(SessionData, StringComparison.Ordinal))
                title ??= ParseTitle(line[SessionData.Length..]);
            else if (line.StartsWith(Variant, StringComparison.Ordinal))
                expectsVariant = true;
            else if (line.SequenceEqual("#EXT-X-ENDLIST"))
                ended = true;
            else if (UriOf(line) is { } uri)
                references.Add(uri);
            else if (line.Length > 0 && line[0] != '#')
            {
                references.Add(line.ToString());
                if (expectsVariant)
                    (variant, expectsVariant) = (variant ?? references[^1], false);
            }
        }

        return seconds <= MaxSeconds
            ? new Playlist(TimeSpan.FromSeconds(seconds), variant, title, ended, references)
            : throw new FormatException("longer than ten years");
    }

    private static string? UriOf(ReadOnlySpan<char> line)
    {
        foreach (var tag in WithUri)
        {
            if (line.StartsWith(tag, StringComparison.Ordinal))
                return AttributeList.Parse(line[tag.Length..]).GetValueOrDefault("URI");
        }

        return null;
    }

    // "4.000,optional title"; some encoders leave out the comma.
    private static double ParseSeconds(ReadOnlySpan<char> text, int line)
    {
        var comma = text.IndexOf(',');
        var number = comma < 0 ? text : text[..comma];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= MaxSegmentSeconds
            ? seconds
            : throw new FormatException($"line {line}: #EXTINF with a duration of at most a day is expected");
    }

    private static string? ParseTitle(ReadOnlySpan<char> attributes)
    {
        var values = AttributeList.Parse(attributes);
        return values.GetValueOrDefault("DATA-ID") == TitleId ? values.GetValueOrDefault("VALUE") : null;
    }
}
