using System.Globalization;

namespace VideoApi.Media;

/// <summary>What the catalogue needs to know of an HLS playlist (RFC 8216).</summary>
/// <param name="Duration">Sum of the segments' durations; zero for a master playlist.</param>
/// <param name="FirstVariant">URI of a master playlist's first rendition; null for a media playlist.</param>
/// <param name="Title">The master playlist's title (session data <c>com.apple.hls.title</c>), if it has one.</param>
internal sealed record Playlist(TimeSpan Duration, string? FirstVariant, string? Title)
{
    private const string TitleId = "com.apple.hls.title";
    private const string Segment = "#EXTINF:";
    private const string Variant = "#EXT-X-STREAM-INF:";
    private const string SessionData = "#EXT-X-SESSION-DATA:";

    // Far more than any real segment or film; keeps the sum of hostile ones within TimeSpan.
    private const double MaxSegmentSeconds = 86_400;
    private const double MaxSeconds = 10 * 365 * 86_400.0;

    /// <summary>Reads a playlist.</summary>
    /// <exception cref="FormatException">Says what is wrong with it and in which line.</exception>
    public static Playlist Parse(string text)
    {
        var seconds = 0.0;
        string? variant = null, title = null;
        var (number, expectsVariant) = (0, false);
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
            else if (expectsVariant && line.Length > 0 && line[0] != '#')
                (variant, expectsVariant) = (variant ?? line.ToString(), false);
        }

        return seconds <= MaxSeconds
            ? new Playlist(TimeSpan.FromSeconds(seconds), variant, title)
            : throw new FormatException("longer than ten years");
    }

    // "4.000,optional title"; the comma may be missing in what encoders write.
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
