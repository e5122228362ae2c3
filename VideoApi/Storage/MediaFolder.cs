using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>
/// The served folder. It finds only regular media files, by checked names, and follows no symbolic link below the folder, so
/// no file outside can be reached. The folder itself can be a link.
/// </summary>
/// <param name="folder">Its path.</param>
internal sealed class MediaFolder(string folder)
{
    /// <summary>Checks that a folder exists.</summary>
    /// <exception cref="FormatException">It does not exist.</exception>
    public static string Parse(string text) =>
        Directory.Exists(text) ? Path.GetFullPath(text) : throw new FormatException("no such folder");

    /// <summary>Opens a file for reading.</summary>
    /// <param name="names">The names of its path below the folder.</param>
    /// <returns>Null if there is no such media file.</returns>
    /// <exception cref="IOException">It exists but cannot be read.</exception>
    public MediaFile? Open(string[] names)
    {
        if (MediaType.Of(names[^1]) is not { } type || Locate(names) is not { } path)
            return null;
        try
        {
            // Without a buffer, because its reader has one. Others can write meanwhile, as for a live playlist.
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

    /// <summary>The names of the direct sub-folders, in order, without hidden ones.</summary>
    public IEnumerable<string> Folders() =>
        new DirectoryInfo(folder).EnumerateDirectories().Select(entry => entry.Name).Where(name => name[0] != '.').Order(StringComparer.Ordinal);

    /// <summary>Why a direct sub-folder is not served; null if it is.</summary>
    public string? WhyNotServed(string name)
    {
        if (!MediaPath.IsName(name))
            return $"its name cannot be served ({MediaPath.Allowed})";
        return new DirectoryInfo(Path.Combine(folder, name)).LinkTarget is null ? null : "it is a symbolic link, and none is followed";
    }

    /// <summary>The names of the files of a folder that can be served, in order; none if there is no such folder.</summary>
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
