using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>
/// The folder that is served. Only regular media files are found, by checked names, and no symbolic link below the folder is
/// followed: so nothing outside can be reached. The folder itself may be a link.
/// </summary>
/// <param name="folder">Its path.</param>
internal sealed class MediaFolder(string folder)
{
    /// <summary>Checks that a folder is there.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static string Parse(string text) =>
        Directory.Exists(text) ? Path.GetFullPath(text) : throw new FormatException("no such folder");

    /// <summary>Opens a file for reading.</summary>
    /// <param name="names">The names of its path below the folder.</param>
    /// <returns>Null when there is no such media file.</returns>
    /// <exception cref="IOException">It is there but cannot be read.</exception>
    public MediaFile? Open(string[] names)
    {
        if (MediaType.Of(names[^1]) is not { } type || Locate(names) is not { } path)
            return null;
        try
        {
            // No buffer of its own: whoever reads it has one. Writers may go on, as with a live playlist.
            return new MediaFile(type, new FileStream(path, new FileStreamOptions
            {
                Share = FileShare.ReadWrite | FileShare.Delete,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                BufferSize = 0,
            }));
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException(denied.Message, denied);
        }
    }

    /// <summary>Whether there is such a media file.</summary>
    public bool Has(string[] names) => MediaType.Of(names[^1]) is not null && Locate(names) is not null;

    /// <summary>The names of the direct sub-folders, in order, hidden ones left out.</summary>
    public IEnumerable<string> Folders() =>
        new DirectoryInfo(folder).EnumerateDirectories().Select(entry => entry.Name).Where(name => name[0] != '.').Order(StringComparer.Ordinal);

    /// <summary>Why a direct sub-folder is not served; null when it is.</summary>
    public string? WhyNotServed(string name)
    {
        if (!MediaPath.IsName(name))
            return $"its name cannot be served ({MediaPath.Allowed})";
        return new DirectoryInfo(Path.Combine(folder, name)).LinkTarget is null ? null : "it is a symbolic link, and none is followed";
    }

    /// <summary>The names of the files of a folder that can be served, in order; none where it is not there.</summary>
    /// <param name="names">The names of its path.</param>
    public IEnumerable<string> FilesOf(string[] names)
    {
        var directory = new DirectoryInfo(Path.Combine([folder, .. names]));
        return directory.Exists
            ? directory.EnumerateFiles().Where(entry => entry.LinkTarget is null && MediaPath.IsName(entry.Name)).Select(entry => entry.Name).Order(StringComparer.Ordinal)
            : [];
    }

    private string? Locate(string[] names)
    {
        var path = folder;
        foreach (var name in names)
        {
            path = Path.Combine(path, name);
            if (new FileInfo(path).LinkTarget is not null)
                return null;
        }

        return File.Exists(path) && FileStatus.Of(path).IsRegular ? path : null;
    }
}
