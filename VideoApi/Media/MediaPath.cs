namespace VideoApi.Media;

/// <summary>
/// The path of a media file below <c>/hls/</c>. Storage looks it up and the others forward it, so all of them accept
/// the same names: nothing that leaves the folder, hides in it, or that two servers could read differently.
/// </summary>
internal static class MediaPath
{
    /// <summary>Where all media files are served.</summary>
    public const string Prefix = "/hls/";

    // No real playlist nests deeper; 255 octets is the longest name of a file on Linux.
    private const int MaxDepth = 16;
    private const int MaxNameLength = 255;

    /// <summary>Splits the decoded path of a request, <c>/hls/a/b.ts</c>, into its names.</summary>
    public static bool TrySplit(string? path, out string[] names)
    {
        names = [];
        if (path is null || !path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return false;
        names = path[Prefix.Length..].Split('/', MaxDepth + 1);
        return names.Length <= MaxDepth && names.All(IsName);
    }

    /// <summary>Finds what a playlist refers to.</summary>
    /// <param name="playlist">The names of the playlist's own path.</param>
    /// <param name="reference">A URI as the playlist writes it, relative to itself.</param>
    /// <param name="names">The names of the path that is meant.</param>
    /// <returns>False for another server's address and for what no path can be.</returns>
    public static bool TryResolve(string[] playlist, string reference, out string[] names)
    {
        names = [];
        var self = new Uri(new Uri("http://storage.invalid"), ToUrlPath(playlist));
        return Uri.TryCreate(self, reference, out var target)
            && target.Scheme == self.Scheme && target.Authority == self.Authority
            && TrySplit(Uri.UnescapeDataString(target.AbsolutePath), out names);
    }

    /// <summary>Whether a playlist's reference is to this server: one without a scheme and a host of its own.</summary>
    public static bool IsOwn(string reference) =>
        !reference.StartsWith("//", StringComparison.Ordinal)
        && (!Uri.TryCreate(reference, UriKind.Absolute, out var absolute) || absolute.IsFile);

    /// <summary>What names <see cref="IsName"/> takes, in words.</summary>
    public const string Allowed = "no %, no \\, no control characters, no dot at the start";

    /// <summary>The path as a URL writes it, each name escaped.</summary>
    public static string ToUrlPath(string[] names) => Prefix + string.Join('/', names.Select(Uri.EscapeDataString));

    /// <summary>
    /// Whether a name can stand in a path: neither empty nor hidden (which includes <c>.</c> and <c>..</c>), without
    /// separators, control characters, percent signs, which could be the rest of a second encoding, and what is left
    /// of bytes that are no UTF-8.
    /// </summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && name[0] != '.'
        && !name.Any(c => c is '/' or '\\' or '%' or '\uFFFD' || char.IsControl(c));
}
