namespace Chassis.Records;

/// <summary>When a file of lines gives way to a new one; the old ones are <c>FILE.1</c> (the newest), <c>FILE.2</c> and so on.</summary>
/// <param name="Size">Bytes that it may have, as long as one batch of lines is not larger; null for any number.</param>
/// <param name="Age">Time since its first line, looked at when another comes; null for ever.</param>
/// <param name="Keep">Old files that are kept; with 0 what was written is deleted.</param>
public sealed record LineRotation(long? Size, TimeSpan? Age, int Keep)
{
    internal bool IsDue(long length, int more, TimeSpan age) => length > 0 && (length + more > Size || age >= Age);

    /// <summary>Renames the old files, and the file to the newest of them. Who has it open goes on writing to it.</summary>
    internal void Shift(string path)
    {
        if (Keep == 0)
        {
            File.Delete(path);
            return;
        }

        for (var i = Keep - 1; i > 0; i--)
        {
            if (File.Exists($"{path}.{i}"))
                File.Move($"{path}.{i}", $"{path}.{i + 1}", overwrite: true);
        }

        // Not there when the last attempt failed behind this.
        if (File.Exists(path))
            File.Move(path, $"{path}.1", overwrite: true);
    }
}
