namespace Chassis.Records;

/// <summary>
/// Where a <see cref="LineSink"/> takes its lines. It is called by one task, which nobody else waits for, and never throws: what it
/// cannot write is counted, and told once.
/// </summary>
public interface ILineOutput : IAsyncDisposable
{
    /// <summary>Whether there is a file to reopen.</summary>
    public bool IsFile { get; }

    /// <summary>Lines lost so far because they could not be written.</summary>
    public long Lost { get; }

    /// <summary>Writes whole lines.</summary>
    /// <param name="lines">Each with its line feed.</param>
    /// <param name="count">How many they are.</param>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> lines, int count);

    /// <summary>Opens the file anew, which somebody may have renamed; without one there is nothing to do.</summary>
    public Task ReopenAsync();
}
