using System.Collections.Concurrent;
using VideoApi.Hosting;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>
/// Knows the media files that will not change: those that a playlist with an end names, and that were not written after it. A name
/// alone is not enough, because encoders use names again.
/// </summary>
internal sealed class FinishedFilms(MediaFolder folder, TimeProvider time)
{
    // The same interval as the catalogue's.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    // Far more folders than are watched at once.
    private const int MaxFolders = 1024;

    private readonly ConcurrentDictionary<string, TimedCache<Dictionary<string, DateTimeOffset>>> _folders = new(StringComparer.Ordinal);

    /// <summary>Whether a finished playlist, in the file's folder or in one above it within the film, names the file.</summary>
    public async Task<bool> HasAsync(string[] names, MediaFile file)
    {
        for (var depth = names.Length - 1; depth > 0; depth--)
        {
            var finished = await FinishedByAsync(names[..depth]);
            if (finished.TryGetValue(MediaPath.ToUrlPath(names), out var since) && file.LastModified <= since)
                return true;
        }

        return false;
    }

    private Task<Dictionary<string, DateTimeOffset>> FinishedByAsync(string[] names)
    {
        if (_folders.Count >= MaxFolders)
            _folders.Clear();
        return _folders.GetOrAdd(MediaPath.ToUrlPath(names), _ => new(Lifetime, () => ReadAsync(names), time)).GetAsync(CancellationToken.None);
    }

    // Each file, with the time of the last playlist that names it.
    private async Task<Dictionary<string, DateTimeOffset>> ReadAsync(string[] names)
    {
        var files = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var name in folder.FilesOf(names).Where(name => MediaType.Of(name) is { IsPlaylist: true }))
        {
            string[] path = [.. names, name];
            if (await TryReadAsync(path) is not (var playlist, var written) || !playlist.IsEnded)
                continue;
            foreach (var reference in playlist.References)
            {
                if (!MediaPath.TryResolve(path, reference, out var file))
                    continue;
                var key = MediaPath.ToUrlPath(file);
                files[key] = files.TryGetValue(key, out var other) && other > written ? other : written;
            }
        }

        return files;
    }

    // A playlist that is broken or gone finishes nothing; the catalogue reports what is wrong with it.
    private async Task<(Playlist Playlist, DateTimeOffset Written)?> TryReadAsync(string[] path)
    {
        try
        {
            return await PlaylistFile.ReadAsync(folder, path);
        }
        catch (Exception error) when (error is FormatException or IOException)
        {
            return null;
        }
    }
}
