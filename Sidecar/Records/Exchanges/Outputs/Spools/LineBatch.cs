using System.Security.Cryptography;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>Lines that are sent at once, with what is the same at each attempt, also after a restart.</summary>
/// <param name="Lines">Each with its line feed.</param>
/// <param name="Count">Their number.</param>
/// <param name="Source">A number by chance of the output that made it.</param>
/// <param name="First">The number of the first line among all of its source.</param>
/// <param name="Time">When it was made.</param>
internal readonly record struct LineBatch(ReadOnlyMemory<byte> Lines, int Count, ulong Source, long First, DateTimeOffset Time);

/// <summary>Numbers the lines of an output.</summary>
/// <param name="time">The process's clock.</param>
internal sealed class LineNumbers(TimeProvider time)
{
    private readonly ulong _source = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private long _next;

    /// <summary>Makes a batch of the next lines.</summary>
    public LineBatch Next(ReadOnlyMemory<byte> lines, int count)
    {
        var batch = new LineBatch(lines, count, _source, _next, time.GetUtcNow());
        _next += count;
        return batch;
    }
}
