namespace Chassis.Records;

/// <summary>Gets a line; a line that is longer than the buffer comes in parts.</summary>
/// <param name="sender">The sender of the line; 0 if there is none.</param>
/// <param name="begins">Whether it is the line's first part.</param>
/// <param name="part">Its bytes; the last part ends with a line feed.</param>
internal delegate void LineTaker(UInt128 sender, bool begins, ReadOnlySpan<byte> part);

/// <summary>A file that is read line by line with one buffer, for lines of any length.</summary>
/// <param name="path">Its path; a missing file has no lines.</param>
/// <param name="senderOf">Finds the sender of a line.</param>
internal sealed class LineFile(string path, LineSender senderOf)
{
    private const int BufferSize = 256 * 1024;
    private const byte LineFeed = (byte)'\n';

    /// <summary>Its length in bytes.</summary>
    public long Length => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Goes through all lines. If the last one has no line feed, it gets one.</summary>
    /// <exception cref="OperationCanceledException">It was stopped half-way.</exception>
    public void ForEach(LineTaker take, CancellationToken stop)
    {
        if (!File.Exists(path))
            return;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        // One byte more, for the missing line feed of the last line.
        var buffer = new byte[BufferSize + 1];
        var (held, begins, sender) = (0, true, default(UInt128));
        for (long offset = 0; ;)
        {
            stop.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(file, buffer.AsSpan(held, BufferSize - held), offset);
            offset += count;
            held += count;
            if (count == 0 && (held > 0 || !begins))
                buffer[held++] = LineFeed;
            var rest = buffer.AsSpan(0, held);
            for (int end; (end = rest.IndexOf(LineFeed)) >= 0; rest = rest[(end + 1)..])
                Take(rest[..(end + 1)], isLast: true);
            if (rest.Length == BufferSize)
            {
                Take(rest, isLast: false);
                rest = [];
            }

            if (count == 0)
                return;
            rest.CopyTo(buffer);
            held = rest.Length;
        }

        void Take(ReadOnlySpan<byte> part, bool isLast)
        {
            if (begins)
                sender = senderOf(part);
            take(sender, begins, part);
            begins = isLast;
        }
    }
}
