using System.Buffers;

namespace Chassis.Records;

/// <summary>Lines that are written at once, with the places where a number is still missing.</summary>
internal sealed class LineBlock(int size)
{
    private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(size);
    private readonly List<(int At, ILateNumber Number)> _late = [];
    private int _length;

    /// <summary>Its size in bytes.</summary>
    public int Size => size;

    /// <summary>Free bytes.</summary>
    public int Room => size - _length;

    /// <summary>The number of its lines.</summary>
    public int Lines { get; private set; }

    /// <summary>Its lines.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    public void Append(ReadOnlySpan<byte> line, int lateAt, ILateNumber? late)
    {
        line.CopyTo(_bytes.AsSpan(_length));
        if (late is not null)
            _late.Add((_length + lateAt, late));
        _length += line.Length;
        Lines++;
    }

    /// <summary>Fills in the late numbers when they are known, when the time is over, or when others wait for this block.</summary>
    public async ValueTask SettleAsync(TimeSpan limit, Task pressed, TimeProvider time)
    {
        if (_late.Count == 0)
            return;
        var known = Task.WhenAll(_late.Select(l => l.Number.Known));
        await ((Task)Task.WhenAny(known, pressed)).WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // When time is short, this block alone stops waiting: other sinks can wait for the same number.
        if (!known.IsCompleted && !pressed.IsCompleted)
        {
            foreach (var (_, number) in _late)
                number.GiveUp();
        }

        Settle();
    }

    public void Clear()
    {
        (_length, Lines) = (0, 0);
        _late.Clear();
    }

    public void Release() => ArrayPool<byte>.Shared.Return(_bytes);

    // In place: a number never needs more room than was left for it, so later bytes only move to the front.
    private void Settle()
    {
        var (read, written) = (0, 0);
        foreach (var (at, number) in _late)
        {
            MoveUpTo(at);
            number.Value.TryFormat(_bytes.AsSpan(written, LineSink.LateNumberWidth), out var digits);
            (read, written) = (at + LineSink.LateNumberWidth, written + digits);
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
