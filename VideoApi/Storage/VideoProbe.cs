using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>Finds the video of a folder.</summary>
internal static class VideoProbe
{
    // The usual names of the playlist to start with, best first.
    private static readonly string[] Preferred = ["master.m3u8", "playlist.m3u8", "index.m3u8"];

    /// <summary>Describes the video of a sub-folder.</summary>
    /// <returns>Null if it has no playlist.</returns>
    /// <exception cref="FormatException">
    /// Its name cannot be served, a playlist is broken, its first rendition is not in the folder, or it needs a file that is not served.
    /// </exception>
    /// <exception cref="IOException">A playlist cannot be read.</exception>
    public static async Task<CatalogEntry?> FindAsync(MediaFolder folder, string id)
    {
        if (folder.WhyNotServed(id) is { } reason)
            throw new FormatException(reason);
        var playlists = folder.FilesOf([id]).Where(name => MediaType.Of(name) is { IsPlaylist: true }).ToList();
        if (playlists.Count == 0)
            return null;
        var name = Preferred.Select(wanted => playlists.Find(found => found.Equals(wanted, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(found => found is not null)
            ?? playlists[0];

        string[] first = [id, name];
        var (playlist, _) = await PlaylistFile.ReadAsync(folder, first);
        RefuseUnserved(first, playlist);
        var duration = playlist.FirstVariant is null ? playlist.Duration : await DurationOfAsync(folder, first, playlist);
        var title = string.IsNullOrWhiteSpace(playlist.Title) ? id : playlist.Title;
        return new CatalogEntry(id, title, Math.Round(duration.TotalSeconds, 3), MediaPath.ToUrlPath(first));
    }

    // The duration of the first variant; files that other renditions need are checked too, if they are there.
    private static async Task<TimeSpan> DurationOfAsync(MediaFolder folder, string[] master, Playlist playlist)
    {
        if (!MediaPath.TryResolve(master, playlist.FirstVariant!, out var names))
            throw new FormatException($"{master[^1]}: the rendition '{playlist.FirstVariant}' is not in this folder");
        var (media, _) = await PlaylistFile.ReadAsync(folder, names);
        if (media.FirstVariant is not null)
            throw new FormatException($"{playlist.FirstVariant}: a media playlist is expected, this is a master playlist");
        RefuseUnserved(names, media);
        foreach (var reference in playlist.References.Where(reference => reference != playlist.FirstVariant).Distinct())
        {
            if (MediaPath.TryResolve(master, reference, out var other) && MediaType.Of(other[^1]) is { IsPlaylist: true } && folder.Has(other))
                RefuseUnserved(other, (await PlaylistFile.ReadAsync(folder, other)).Playlist);
        }

        return media.Duration;
    }

    // Files of another server, and keys by other schemes, are not checked.
    private static void RefuseUnserved(string[] path, Playlist playlist)
    {
        foreach (var reference in playlist.References.Where(MediaPath.IsOwn))
        {
            if (!MediaPath.TryResolve(path, reference, out var names))
                throw new FormatException($"{path[^1]}: '{reference}' is not in this folder, or its name cannot be served ({MediaPath.Allowed})");
            if (MediaType.Of(names[^1]) is null)
                throw new FormatException($"{path[^1]}: '{reference}' is not of a served kind ({MediaType.Served})");
        }
    }
}
