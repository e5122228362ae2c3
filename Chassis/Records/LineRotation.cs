namespace Chassis.Records;

/// <summary>When a file of lines gives way to a new one; the old ones are <c>FILE.1</c> (the newest), <c>FILE.2</c> and so on.</summary>
/// <param name="Size">Bytes that it may have, as long as one batch of lines is not larger; null for any number.</param>
/// <param name="Age">Time since its first line, looked at when another comes; null for ever.</param>
/// <param name="Keep">Old files that are kept; with 0 what was written is deleted.</param>
public sealed record LineRotation(long? Size, TimeSpan? Age, int Keep)
{
    /// <summary>
    /// Tells who sent a line, so that where more than half of a file is one sender's the others' lines outlive it, in
    /// <c>FILE.kept</c>, which has at most <see cref="Size"/>; null, or without a size, for no such file.
    /// </summary>
    public LineSender? SenderOf { get; init; }

    internal bool IsDue(long length, int more, TimeSpan age) => length > 0 && (length + more > Size || age >= Age);

    /// <summary>Renames the old files, and the file to the newest of them. Who has it open goes on writing to it.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="kept">Has the file that would be deleted put aside; null to delete it.</param>
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
            // The file itself is not there when the last attempt failed behind this.
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
