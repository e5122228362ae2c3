namespace Chassis.Records;

/// <summary>Checks whether a file of lines can be written, and whether two paths are one file.</summary>
public static class FileCheck
{
    // As many as the kernel follows (path_resolution(7)).
    private const int MaxLinks = 40;

    /// <summary>Whether two paths lead to one file, also if it does not exist yet.</summary>
    public static bool IsSame(string path, string other) =>
        path == other || (IsPath(path) && IsPath(other) && Real(Path.GetFullPath(path), 0) == Real(Path.GetFullPath(other), 0));

    /// <summary>Checks whether lines could be written, and changes nothing. A path of <c>-</c> is stdout.</summary>
    /// <param name="path">The file, which need not exist.</param>
    /// <param name="origin">The option or key that named it.</param>
    /// <exception cref="UsageException">
    /// The file cannot be opened, or its folder takes no new file; the message is the same as at a start.
    /// </exception>
    public static void RefuseUnwritable(string path, string origin)
    {
        if (path == "-")
            return;
        // Under another name, because a sidecar that starts at the same time may have made the file itself.
        var trial = $".{Guid.NewGuid():N}";
        try
        {
            var full = Path.GetFullPath(path);
            if (File.Exists(full) || Directory.Exists(full))
                TryFile(full);
            else
                new FileStream(Path.Combine(Path.GetDirectoryName(full)!, trial), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception error) when (LineOutput.IsFailure(error))
        {
            throw LineOutput.CannotOpen(path, origin, error.Message.Replace(trial, Path.GetFileName(path), StringComparison.Ordinal), error);
        }
    }

    // A text that is not a path is refused when the file is opened.
    private static bool IsPath(string text) => text.Length > 0 && !text.Contains('\0');

    // The path with all links resolved, also those of folders.
    private static string Real(string path, int links)
    {
        if (Path.GetDirectoryName(path) is not { } folder)
            return path;
        folder = Real(folder, links);
        var file = Path.Combine(folder, Path.GetFileName(path));
        return links < MaxLinks && new FileInfo(file).LinkTarget is { } target ? Real(Path.GetFullPath(target, folder), links + 1) : file;
    }

    private static void TryFile(string path)
    {
        try
        {
            // To read and write: that does not wait for the reader of a pipe (fifo(7)).
            Open(FileAccess.ReadWrite);
        }
        catch (UnauthorizedAccessException)
        {
            Open(FileAccess.Write);
        }

        void Open(FileAccess access) => new FileStream(path, FileMode.Open, access, FileShare.ReadWrite, bufferSize: 0).Dispose();
    }
}
