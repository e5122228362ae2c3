namespace VideoApi.Media;

/// <summary>
/// The path of a media file below <c>/hls/</c>. The storage looks it up and the other services forward it, so all accept
/// the same names: none that leaves the folder, is hidden in it, or that two servers could read differently.
/// </summary>
internal static class MediaPath
{
    /// <summary>The path of all media files.</summary>
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

    /// <summary>Resolves a reference of a playlist.</summary>
    /// <param name="playlist">The names of the playlist's own path.</param>
    /// <param name="reference">A URI as the playlist writes it, relative to itself.</param>
    /// <param name="names">The names of the resulting path.</param>
    /// <returns>False for the address of another server, and for a text that cannot be a path.</returns>
    public static bool TryResolve(string[] playlist, string reference, out string[] names)
    {
        names = [];
        var self = new Uri(new Uri("http://storage.invalid"), ToUrlPath(playlist));
        return Uri.TryCreate(self, reference, out var target)
            && target.Scheme == self.Scheme && target.Authority == self.Authority
            && TrySplit(Uri.UnescapeDataString(target.AbsolutePath), out names);
    }

    /// <summary>Whether a playlist's reference is to this server: it has no scheme and no host.</summary>
    public static bool IsOwn(string reference) =>
        !reference.StartsWith("//", StringComparison.Ordinal)
        && (!Uri.TryCreate(reference, UriKind.Absolute, out var absolute) || absolute.IsFile);

    /// <summary>The names that <see cref="IsName"/> accepts, in words.</summary>
    public const string Allowed = "no %, no \\, no control characters, no dot at the start";

    /// <summary>The path as a URL writes it, each name escaped.</summary>
    public static string ToUrlPath(string[] names) => Prefix + string.Join('/', names.Select(Uri.EscapeDataString));

    /// <summary>
    /// Whether a name can stand in a path: not empty, not hidden (which includes <c>.</c> and <c>..</c>), without
    /// separators, control characters, percent signs, which could be the rest of a second encoding, and the replacement
    /// character for bytes that are not UTF-8.
    /// </summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && name[0] != '.'
        && !name.Any(c => c is '/' or '\\' or '%' or '\uFFFD' || char.IsControl(c));
}
