using System.Buffers;

namespace Sidecar.Observation.Memory;

/// <summary>
/// Bytes one behind the other, in a buffer of the pool: they are added at the end and dropped at the beginning. When the buffer's end
/// is reached, those still there move to another. The only way in which observation and records grow a buffer.
/// </summary>
/// <param name="account">Charged for the buffer; null: it is bounded otherwise.</param>
/// <param name="usualSize">The first buffer's size where there is memory for it.</param>
/// <param name="isForPieces">Whether it joins what came in pieces, and so gets its memory in any case.</param>
internal struct PooledBytes(MemoryAccount? account, int usualSize = 0, bool isForPieces = false)
{
    private byte[]? _bytes;
    private int _start;
    private int _end;

    public readonly int Length => _end - _start;

    public readonly bool IsEmpty => _end == _start;

    /// <summary>What there is.</summary>
    public readonly Span<byte> Written => _bytes.AsSpan(_start, Length);

    /// <summary>Where what comes next has room without another buffer.</summary>
    public readonly Span<byte> Free => _bytes.AsSpan(_end);

    /// <summary>So many bytes were written to <see cref="Free"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Adds bytes, and others behind them; they may lie in this buffer.</summary>
    /// <returns>False, and nothing is added, where there is no memory for it.</returns>
    public bool TryAdd(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> more = default)
    {
        byte[]? old = null;
        var count = bytes.Length + more.Length;
        if (count > Free.Length && !TryMove(count, out old))
            return false;
        bytes.CopyTo(Free);
        more.CopyTo(Free[bytes.Length..]);
        _end += count;
        // Only now: they may have been in it.
        GiveBack(old);
        return true;
    }

    /// <summary>Makes room for so many bytes in <see cref="Free"/>.</summary>
    public bool TryMakeRoom(int count)
    {
        byte[]? old = null;
        if (count > Free.Length && !TryMove(count, out old))
            return false;
        GiveBack(old);
        return true;
    }

    /// <summary>Drops the first bytes.</summary>
    public void Drop(int count) => _start += count;

    /// <summary>Forgets all; the buffer stays.</summary>
    public void Clear() => (_start, _end) = (0, 0);

    /// <summary>Forgets all and gives the buffer back.</summary>
    public void Release()
    {
        var bytes = _bytes;
        (_bytes, _start, _end) = (null, 0, 0);
        GiveBack(bytes);
    }

    // As much room again as there are bytes, so that each is moved about once; where there is no memory for that, what is needed.
    private bool TryMove(int more, out byte[]? old)
    {
        var needed = checked(Length + more);
        var wanted = (int)Math.Min(Array.MaxLength, Math.Max(Math.Max(usualSize, needed), 2L * Length));
        return TryMoveTo(wanted, out old) || (wanted > needed && TryMoveTo(needed, out old));
    }

    private bool TryMoveTo(int size, out byte[]? old)
    {
        old = null;
        // First, for it may fail: nothing has changed by then.
        var larger = ArrayPool<byte>.Shared.Rent(size);
        var cost = larger.Length + MemoryAccount.ArrayOverhead;
        if (isForPieces)
        {
            account?.TakeForPieces(cost);
        }
        else if (account?.TryTake(cost) == false)
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        Written.CopyTo(larger);
        old = _bytes;
        (_bytes, _start, _end) = (larger, 0, Length);
        return true;
    }

    private readonly void GiveBack(byte[]? bytes)
    {
        if (bytes is null)
            return;
        var cost = bytes.Length + MemoryAccount.ArrayOverhead;
        if (isForPieces)
            account?.GiveForPieces(cost);
        else
            account?.Give(cost);
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
