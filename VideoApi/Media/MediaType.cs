namespace VideoApi.Media;

/// <summary>A kind of file that HLS is made of.</summary>
/// <param name="ContentType">Its media type, without charset: none of these has that parameter or needs it.</param>
/// <param name="IsPlaylist">Whether it may change while it is watched; all others never do.</param>
internal sealed record MediaType(string ContentType, bool IsPlaylist = false)
{
    // RFC 8216 sections 3 and 10; video/iso.segment is from ISO/IEC 23009-1.
    private static readonly Dictionary<string, MediaType> ByExtension = new(StringComparer.Ordinal)
    {
        [".m3u8"] = new("application/vnd.apple.mpegurl", IsPlaylist: true),
        [".ts"] = new("video/mp2t"),
        [".mp4"] = new("video/mp4"),
        [".m4s"] = new("video/iso.segment"),
        [".vtt"] = new("text/vtt"),
    };

    /// <summary>The type of a file by its name; null for what is no media file, which is never served.</summary>
    public static MediaType? Of(string name) => ByExtension.GetValueOrDefault(Path.GetExtension(name));
}
