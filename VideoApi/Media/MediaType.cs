namespace VideoApi.Media;

/// <summary>A kind of file that HLS uses.</summary>
/// <param name="ContentType">Its media type, without charset: none of these has that parameter or needs it.</param>
/// <param name="IsPlaylist">Whether it can change while it is watched; all others never do.</param>
internal sealed record MediaType(string ContentType, bool IsPlaylist = false)
{
    // RFC 8216 sections 3 and 10, Apple's HLS authoring specification, RFC 9317 section 4; video/iso.segment is from ISO/IEC 23009-1.
    // Cameras and tools of other systems write endings in capitals.
    private static readonly Dictionary<string, MediaType> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".m3u8"] = new("application/vnd.apple.mpegurl", IsPlaylist: true),
        [".m3u"] = new("application/vnd.apple.mpegurl", IsPlaylist: true),
        [".ts"] = new("video/mp2t"),
        [".mp4"] = new("video/mp4"),
        [".m4v"] = new("video/mp4"),
        [".cmfv"] = new("video/mp4"),
        [".m4a"] = new("audio/mp4"),
        [".cmfa"] = new("audio/mp4"),
        [".m4s"] = new("video/iso.segment"),
        [".aac"] = new("audio/aac"),
        [".mp3"] = new("audio/mpeg"),
        [".ac3"] = new("audio/ac3"),
        [".ec3"] = new("audio/eac3"),
        [".vtt"] = new("text/vtt"),
        [".webvtt"] = new("text/vtt"),
        [".key"] = new("application/octet-stream"),
    };

    /// <summary>The served endings, for messages.</summary>
    public static string Served { get; } = string.Join(' ', ByExtension.Keys);

    /// <summary>The type of a file by its name; null if it is not a media file, which is never served.</summary>
    public static MediaType? Of(string name) => ByExtension.GetValueOrDefault(Path.GetExtension(name));
}
