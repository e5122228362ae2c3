using System.Text;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>Reads a playlist of the folder.</summary>
internal static class PlaylistFile
{
    /// <summary>The playlist, and the time of its last write.</summary>
    /// <exception cref="FormatException">It is missing or broken; the message says which and why.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<(Playlist Playlist, DateTimeOffset Written)> ReadAsync(MediaFolder folder, string[] names)
    {
        await using var file = folder.Open(names) ?? throw new FormatException($"{string.Join('/', names)}: no such playlist");
        var text = Encoding.UTF8.GetString(await file.ReadAsync(CancellationToken.None));
        try
        {
            return (Playlist.Parse(text), file.LastModified);
        }
        catch (FormatException reason)
        {
            throw new FormatException($"{string.Join('/', names)}: {reason.Message}", reason);
        }
    }
}
