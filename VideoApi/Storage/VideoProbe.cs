using System.Text;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>Finds out what video a folder holds.</summary>
internal static class VideoProbe
{
    // The usual names of the playlist to start with, best first.
    private static readonly string[] Preferred = ["master.m3u8", "playlist.m3u8", "index.m3u8"];

    /// <summary>Describes the video of a sub-folder.</summary>
    /// <returns>Null when it has no playlist.</returns>
    /// <exception cref="FormatException">A playlist is broken, or its first rendition is not in the folder.</exception>
    /// <exception cref="IOException">A playlist cannot be read.</exception>
    public static async Task<CatalogEntry?> FindAsync(MediaFolder folder, string id)
    {
        var playlists = folder.FilesOf(id).Where(name => MediaType.Of(name) is { IsPlaylist: true }).ToList();
        if (Preferred.FirstOrDefault(playlists.Contains) is not { } name)
        {
            if (playlists.Count == 0)
                return null;
            name = playlists[0];
        }

        string[] first = [id, name];
        var playlist = await ReadAsync(folder, first);
        var duration = playlist.FirstVariant is null ? playlist.Duration : await DurationOfAsync(folder, first, playlist.FirstVariant);
        var title = string.IsNullOrWhiteSpace(playlist.Title) ? id : playlist.Title;
        return new CatalogEntry(id, title, Math.Round(duration.TotalSeconds, 3), MediaPath.ToUrlPath(first));
    }

    private static async Task<TimeSpan> DurationOfAsync(MediaFolder folder, string[] master, string variant)
    {
        if (!MediaPath.TryResolve(master, variant, out var names))
            throw new FormatException($"{master[^1]}: the rendition '{variant}' is not in this folder");
        var media = await ReadAsync(folder, names);
        return media.FirstVariant is null
            ? media.Duration
            : throw new FormatException($"{variant}: a media playlist is expected, this is a master playlist");
    }

    private static async Task<Playlist> ReadAsync(MediaFolder folder, string[] names)
    {
        await using var file = folder.Open(names) ?? throw new FormatException($"{string.Join('/', names)}: no such playlist");
        var text = Encoding.UTF8.GetString(await file.ReadAsync(CancellationToken.None));
        try
        {
            return Playlist.Parse(text);
        }
        catch (FormatException reason)
        {
            throw new FormatException($"{string.Join('/', names)}: {reason.Message}", reason);
        }
    }
}
