namespace Chassis.Records;

/// <summary>When a new file replaces a file of lines; the old ones are <c>FILE.1</c> (the newest), <c>FILE.2</c> and so on.</summary>
/// <param name="Size">Most bytes of the file, unless one batch of lines is larger; null for no limit.</param>
/// <param name="Age">Time since its first line, checked when another line comes; null for no limit.</param>
/// <param name="Keep">Number of old files that are kept; with 0 the file is deleted.</param>
public sealed record LineRotation(long? Size, TimeSpan? Age, int Keep)
{
    /// <summary>
    /// Finds the sender of a line. If one sender has more than half of a file, the lines of other senders are kept in
    /// <c>FILE.kept</c>, which has at most <see cref="Size"/> bytes. Null, or no size, for no such file.
    /// </summary>
    public LineSender? SenderOf { get; init; }

    internal bool IsDue(long length, int more, TimeSpan age) => length > 0 && (length + more > Size || age >= Age);

    /// <summary>Renames the old files, then the file to <c>FILE.1</c>. A process that has the file open goes on writing to it.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="kept">Puts the file aside that would be deleted; null to delete it.</param>
    internal void Shift(string path, KeptLines? kept)
    {
        if (Keep == 0)
        {
            if (kept?.TryPutAside(path) != true)
                File.Delete(path);
            return;
        }

        for (var i = Keep - 1; i >= 0; i--)
        {
            // The file is missing if the last attempt failed after this point.
            var file = i == 0 ? path : $"{path}.{i}";
            if (!File.Exists(file))
                continue;
            var next = $"{path}.{i + 1}";
            if (i == Keep - 1)
            {
                kept?.TryPutAside(next);
                kept?.Begin();
            }

            File.Move(file, next, overwrite: true);
        }
    }
}
