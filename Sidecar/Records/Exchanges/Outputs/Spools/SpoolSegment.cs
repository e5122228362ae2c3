using System.Text;
using Chassis.Records;
using Microsoft.Win32.SafeHandles;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>
/// One file of a spool: a line that names the output of the records, then batches. It is opened for each operation, so that many files cost
/// nothing.
/// </summary>
internal sealed class SpoolSegment
{
    private const int LongestTitle = 256;

    private static readonly FileStreamOptions Creating = PrivateFiles.Options(FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    private static readonly FileStreamOptions Appending = PrivateFiles.Options(FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    private readonly string _path;
    private long _position;

    private SpoolSegment(string path) => _path = path;

    /// <summary>Bytes of the file.</summary>
    public long Length { get; private set; }

    /// <summary>Records that were not sent.</summary>
    public long Records { get; private set; }

    /// <summary>The first line of a file.</summary>
    /// <param name="content">The output of its records, and their format.</param>
    public static byte[] Title(string content)
    {
        var text = $"sidecar-spool 1 {content} ";
        return Encoding.UTF8.GetBytes($"{text}{SpoolFrame.Checksum(Encoding.UTF8.GetBytes(text)):x8}\n");
    }

    /// <summary>Makes a file with one batch.</summary>
    /// <exception cref="IOException">It could not be written, and is not there.</exception>
    public static SpoolSegment Create(string path, byte[] title, SpoolFrame frame, ReadOnlyMemory<byte> lines)
    {
        var segment = new SpoolSegment(path) { _position = title.Length };
        segment.Write(Creating, [title, frame.ToBytes(), lines], () => File.Delete(path));
        segment.Records = frame.Count;
        return segment;
    }

    /// <summary>Opens a file of an earlier process, and cuts what is no batch from its end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">The first line that it should have.</param>
    /// <param name="damage">Records that are known to be in the part that was cut; null if nothing was cut.</param>
    /// <exception cref="FormatException">It has records of another kind, which the message names.</exception>
    /// <exception cref="IOException">It cannot be read or cut.</exception>
    public static SpoolSegment Open(string path, byte[] title, out long? damage)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var segment = new SpoolSegment(path);
        damage = null;
        if (HasTitle(file, title))
            damage = segment.Scan(file, title.Length);
        var length = RandomAccess.GetLength(file);
        if (segment.Length < length)
        {
            damage ??= 0;
            RandomAccess.SetLength(file, segment.Length);
        }

        return segment;
    }

    /// <summary>Appends a batch.</summary>
    /// <exception cref="IOException">It could not be written, and the file is as before.</exception>
    public void Append(SpoolFrame frame, ReadOnlyMemory<byte> lines)
    {
        Write(Appending, [frame.ToBytes(), lines], undo: null);
        Records += frame.Count;
    }

    /// <summary>Reads the first batch that was not sent. Damaged ones before it are left out, and are no longer counted.</summary>
    /// <param name="buffer">Gets the lines; replaced if it is too small.</param>
    /// <param name="frame">The batch's header.</param>
    /// <returns>The batch; null if there is none.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public LineBatch? Read(ref byte[] buffer, out SpoolFrame frame)
    {
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> header = stackalloc byte[SpoolFrame.HeaderSize];
        while (RandomAccess.Read(file, header, _position) == header.Length && SpoolFrame.TryRead(header, out frame, out var isSent) && _position + frame.Size <= Length)
        {
            if (!isSent)
            {
                if (buffer.Length < frame.Length)
                    buffer = new byte[Math.Max(LineSink.BlockSize, frame.Length)];
                var lines = buffer.AsMemory(0, frame.Length);
                if (RandomAccess.Read(file, lines.Span, _position + SpoolFrame.HeaderSize) == lines.Length && frame.With(lines) is { } batch)
                    return batch;
                Records -= frame.Count;
            }

            _position += frame.Size;
        }

        // The end, or a header that is damaged: where the next one begins is unknown.
        (frame, Records) = (default, 0);
        return null;
    }

    /// <summary>The batch that was read last was sent.</summary>
    /// <exception cref="IOException">The file does not say so; after a restart the batch is sent again.</exception>
    public void Pass(SpoolFrame frame)
    {
        var state = _position + SpoolFrame.StateAt;
        _position += frame.Size;
        Records -= frame.Count;
        // The file is removed soon.
        if (Records <= 0)
            return;
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, SpoolFrame.Sent, state);
    }

    /// <summary>Removes the file.</summary>
    /// <exception cref="IOException">It is still there.</exception>
    public void Delete() => File.Delete(_path);

    /// <inheritdoc/>
    public override string ToString() => _path;

    // False if the line is cut or damaged.
    private static bool HasTitle(SafeFileHandle file, byte[] expected)
    {
        Span<byte> start = stackalloc byte[LongestTitle];
        start = start[..RandomAccess.Read(file, start, 0)];
        if (start.StartsWith(expected))
            return true;
        var end = start.IndexOf((byte)'\n');
        if (end < 0)
            return false;
        var words = Encoding.UTF8.GetString(start[..end]).Split(' ');
        if (words.Length < 4)
            return false;
        var content = string.Join(' ', words[2..^1]);
        return start[..(end + 1)].SequenceEqual(Title(content)) ? throw new FormatException($"it has records of {content}") : false;
    }

    // Returns the records of the batch that the file's end has cut; null if there is none.
    private long? Scan(SafeFileHandle file, long start)
    {
        var whole = RandomAccess.GetLength(file);
        Span<byte> header = stackalloc byte[SpoolFrame.HeaderSize];
        (Length, _position) = (start, start);
        while (RandomAccess.Read(file, header, Length) == header.Length && SpoolFrame.TryRead(header, out var frame, out var isSent))
        {
            if (Length + frame.Size > whole)
                return isSent ? 0 : frame.Count;
            Length += frame.Size;
            Records += isSent ? 0 : frame.Count;
        }

        return null;
    }

    private void Write(FileStreamOptions how, IReadOnlyList<ReadOnlyMemory<byte>> parts, Action? undo)
    {
        using var file = new FileStream(_path, how);
        try
        {
            RandomAccess.Write(file.SafeFileHandle, parts, Length);
            Length += parts.Sum(part => (long)part.Length);
        }
        catch
        {
            // A part of it may be there.
            if (undo is null)
                file.SetLength(Length);
            else
                undo();
            throw;
        }
    }
}
