using System.Buffers;

namespace Chassis.Records;

/// <summary>Lines that are written at once, with the places where a text is still missing.</summary>
internal sealed class LineBlock(int size)
{
    private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(size);
    private readonly List<LateText> _late = [];
    private int _length;

    /// <summary>Its size in bytes.</summary>
    public int Size => size;

    /// <summary>Free bytes.</summary>
    public int Room => size - _length;

    /// <summary>The number of its lines.</summary>
    public int Lines { get; private set; }

    /// <summary>Its lines.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>The room that a line needs.</summary>
    public static int RoomFor(ReadOnlySpan<byte> line, ReadOnlySpan<LateText> late)
    {
        var room = line.Length;
        foreach (var (_, text) in late)
            room += text.MaxLength;
        return room;
    }

    /// <summary>Copies a line, with room for its late texts; these are in the order of their positions.</summary>
    public void Append(ReadOnlySpan<byte> line, ReadOnlySpan<LateText> late)
    {
        var copied = 0;
        foreach (var (at, text) in late)
        {
            Copy(line[copied..at]);
            copied = at;
            _late.Add(new LateText(_length, text));
            _length += text.MaxLength;
        }

        Copy(line[copied..]);
        Lines++;
    }

    /// <summary>Fills in the late texts when they are known, when the time is over, or when others wait for this block.</summary>
    public async ValueTask SettleAsync(TimeSpan limit, Task pressed, TimeProvider time)
    {
        if (_late.Count == 0)
            return;
        var known = Task.WhenAll(_late.Select(late => late.Text.Known));
        await ((Task)Task.WhenAny(known, pressed)).WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // When time is short, this block alone stops waiting: other sinks can wait for the same text.
        if (!known.IsCompleted && !pressed.IsCompleted)
        {
            foreach (var (_, text) in _late)
                text.GiveUp();
        }

        Settle();
    }

    public void Clear()
    {
        (_length, Lines) = (0, 0);
        _late.Clear();
    }

    public void Release() => ArrayPool<byte>.Shared.Return(_bytes);

    private void Copy(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    // In place: a text never needs more room than was left for it, so later bytes only move to the front.
    private void Settle()
    {
        var (read, written) = (0, 0);
        foreach (var (at, text) in _late)
        {
            MoveUpTo(at);
            written += text.Write(_bytes.AsSpan(written, text.MaxLength));
            read = at + text.MaxLength;
        }

        MoveUpTo(_length);
        _length = written;
        _late.Clear();

        void MoveUpTo(int end)
        {
            _bytes.AsSpan(read, end - read).CopyTo(_bytes.AsSpan(written));
            written += end - read;
        }
    }
}
