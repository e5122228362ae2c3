namespace Chassis.Records;

/// <summary>Lines that outlive their file because one sender's flood has filled it.</summary>
/// <param name="path">The path of the file with these lines.</param>
/// <param name="limit">Most bytes of the file.</param>
/// <param name="senderOf">Finds the sender of a line.</param>
internal sealed class KeptFile(string path, long limit, LineSender senderOf)
{
    private const int BufferSize = 256 * 1024;

    private readonly LineFile _kept = new(path, senderOf);

    // The new file while it is written.
    private readonly string _newPath = path + ".new";

    /// <summary>Removes a file that a process left unfinished when it ended.</summary>
    public void CleanUp() => File.Delete(_newPath);

    /// <summary>If one sender has more than half of a file, copies the lines of the other senders; otherwise none.</summary>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; nothing has changed.</exception>
    public bool TakeFrom(string file, CancellationToken stop)
    {
        var leaving = new LineFile(file, senderOf);
        var tally = SenderTally.Of(take => leaving.ForEach(take, stop));
        if (tally.Majority == 0)
            return false;
        // One byte for the line feed that the last line may need.
        var room = limit - _kept.Length - 1;
        // Lines without a sender do not push out the lines of any sender.
        var takesNobodys = tally.OfOthers + tally.OfNobody <= room;
        if (tally.OfOthers + (takesNobodys ? tally.OfNobody : 0) == 0)
            return false;
        Action<LineTaker> forEach = take => leaving.ForEach(Except(tally.Majority, takesNobodys, take), stop);
        if (tally.OfOthers <= room)
            Append(forEach);
        else
            Replace(take => _kept.ForEach(Except(0, false, take), stop), forEach, tally.OfOthers);
        return true;
    }

    private static LineTaker Except(UInt128 left, bool takesNobodys, LineTaker take) => (sender, begins, part) =>
    {
        if (sender == 0 ? takesNobodys : sender != left)
            take(sender, begins, part);
    };

    private void Append(Action<LineTaker> forEach)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var length = file.Length;
        try
        {
            // After a part of a line, which a killed process may have left.
            file.Position = Math.Max(0, length - 1);
            if (length > 0 && file.ReadByte() != '\n')
                file.WriteByte((byte)'\n');
            Write(file, forEach);
        }
        catch
        {
            file.SetLength(length);
            throw;
        }
    }

    // Removes half of the old lines at once, so that not every new file rewrites the whole: the lines of a sender that has more than
    // half, otherwise the oldest lines.
    private void Replace(Action<LineTaker> forEachOld, Action<LineTaker> forEachNew, long more)
    {
        Action<LineTaker> forEach = take =>
        {
            forEachOld(take);
            forEachNew(take);
        };
        var (old, all) = (SenderTally.Of(forEachOld), SenderTally.Of(forEach));
        var majority = old.Majority == 0 ? all.Majority : old.Majority;
        var surplus = Math.Max(0, all.Total - Math.Min(limit, (_kept.Length / 2) + more));
        var ofMajority = majority == 0 ? 0 : Math.Min(surplus, SenderTally.Count(forEach, majority));
        var ofOthers = surplus - ofMajority;
        var goes = false;
        try
        {
            using (var file = new FileStream(_newPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
                Write(file, take => forEach(Choose(take)));
            File.Move(_newPath, path, overwrite: true);
        }
        catch
        {
            File.Delete(_newPath);
            throw;
        }

        LineTaker Choose(LineTaker take) => (sender, begins, part) =>
        {
            ref var left = ref sender == majority ? ref ofMajority : ref ofOthers;
            if (begins)
                goes = left > 0;
            if (goes)
                left -= part.Length;
            else
                take(sender, begins, part);
        };
    }

    // Not a buffer of the stream, which the stream would write when it is closed after a failure.
    private static void Write(FileStream file, Action<LineTaker> forEach)
    {
        var buffer = new byte[BufferSize];
        var held = 0;
        forEach((_, _, part) =>
        {
            if (part.Length > buffer.Length - held)
                Flush();
            if (part.Length > buffer.Length)
            {
                file.Write(part);
                return;
            }

            part.CopyTo(buffer.AsSpan(held));
            held += part.Length;
        });
        Flush();

        void Flush()
        {
            file.Write(buffer, 0, held);
            held = 0;
        }
    }
}
