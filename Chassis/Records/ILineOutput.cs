namespace Chassis.Records;

/// <summary>
/// Writes the lines of a <see cref="LineSink"/>. One task calls it, and no other code waits for it. It never throws: it counts the
/// lines that it cannot write, and logs this once.
/// </summary>
public interface ILineOutput : IAsyncDisposable
{
    /// <summary>Whether there is a file to reopen.</summary>
    public bool IsFile { get; }

    /// <summary>Lines that are in the file, or have arrived at the server.</summary>
    public long Sent { get; }

    /// <summary>Lines lost so far because they could not be written.</summary>
    public long Lost { get; }

    /// <summary>Lines that it has taken, and that are neither sent nor lost yet.</summary>
    public long Unconfirmed => 0;

    /// <summary>When lines last were in the file, or arrived; null if none did.</summary>
    public DateTimeOffset? LastSuccess { get; }

    /// <summary>The last failure in words; null if there was none.</summary>
    public string? LastError { get; }

    /// <summary>What it keeps on disk for later; null if it never does.</summary>
    public SpoolFill? Spool => null;

    /// <summary>Writes whole lines.</summary>
    /// <param name="lines">Each with its line feed.</param>
    /// <param name="count">The number of lines.</param>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count);

    /// <summary>Writes whole lines; an output with a second place for them takes that one when there is no more time.</summary>
    /// <param name="lines">Each with its line feed.</param>
    /// <param name="count">The number of lines.</param>
    /// <param name="hurry">Completes when lines behind these need their memory.</param>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count, Task hurry) => WriteAsync(lines, count);

    /// <summary>The time for writing is over: a write that is under way need not go on.</summary>
    public void GiveUp()
    {
    }

    /// <summary>Opens the file again, because it may have been renamed; does nothing without a file.</summary>
    public Task ReopenAsync();
}
