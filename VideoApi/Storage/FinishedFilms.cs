using System.Collections.Concurrent;
using VideoApi.Hosting;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>
/// Knows which media files will not change: those that a playlist with an end names, and that were not written after it. Names
/// alone tell nothing, since encoders use them again.
/// </summary>
internal sealed class FinishedFilms(MediaFolder folder, TimeProvider time)
{
    // As often as the catalogue looks.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    // Far more folders than are watched at once.
    private const int MaxFolders = 1024;

    private readonly ConcurrentDictionary<string, TimedCache<Dictionary<string, DateTimeOffset>>> _folders = new(StringComparer.Ordinal);

    /// <summary>Whether a playlist of the file's folder, or of one above it within the film, is finished with it.</summary>
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

    // Each file with the time at which the last playlist to name it was written.
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

    // One that is broken, or gone by now, finishes nothing; the catalogue says what is wrong with it.
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
