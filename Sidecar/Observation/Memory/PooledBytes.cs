using System.Buffers;

namespace Sidecar.Observation.Memory;

/// <summary>
/// A row of bytes in a buffer of the pool: bytes are added at the end and dropped at the beginning. When the buffer's end is
/// reached, the present bytes move to another buffer. Observation and records grow buffers only in this way.
/// </summary>
/// <param name="account">Charged for the buffer; null if its size is limited in another way.</param>
/// <param name="usualSize">The first buffer's size, if there is memory for it.</param>
/// <param name="isForPieces">Whether it joins pieces, and so gets its memory in any case.</param>
internal struct PooledBytes(MemoryAccount? account, int usualSize = 0, bool isForPieces = false)
{
    private byte[]? _bytes;
    private int _start;
    private int _end;

    public readonly int Length => _end - _start;

    public readonly bool IsEmpty => _end == _start;

    /// <summary>The present bytes.</summary>
    public readonly Span<byte> Written => _bytes.AsSpan(_start, Length);

    /// <summary>The room for the next bytes without another buffer.</summary>
    public readonly Span<byte> Free => _bytes.AsSpan(_end);

    /// <summary>This number of bytes was written to <see cref="Free"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Adds bytes, and more after them; they can lie in this buffer.</summary>
    /// <returns>False, and nothing is added, if there is no memory for it.</returns>
    public bool TryAdd(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> more = default)
    {
        byte[]? old = null;
        var count = bytes.Length + more.Length;
        if (count > Free.Length && !TryMove(count, out old))
            return false;
        bytes.CopyTo(Free);
        more.CopyTo(Free[bytes.Length..]);
        _end += count;
        // Only now, because the added bytes could lie in it.
        GiveBack(old);
        return true;
    }

    /// <summary>Makes room for a number of bytes in <see cref="Free"/>.</summary>
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

    /// <summary>Drops all bytes; the buffer stays.</summary>
    public void Clear() => (_start, _end) = (0, 0);

    /// <summary>Drops all bytes and releases the buffer.</summary>
    public void Release()
    {
        var bytes = _bytes;
        (_bytes, _start, _end) = (null, 0, 0);
        GiveBack(bytes);
    }

    // Doubles the size, so that each byte moves about once; if there is no memory for that, it takes the needed size.
    private bool TryMove(int more, out byte[]? old)
    {
        var needed = checked(Length + more);
        var wanted = (int)Math.Min(Array.MaxLength, Math.Max(Math.Max(usualSize, needed), 2L * Length));
        return TryMoveTo(wanted, out old) || (wanted > needed && TryMoveTo(needed, out old));
    }

    private bool TryMoveTo(int size, out byte[]? old)
    {
        old = null;
        // First, because it can fail: nothing has changed by then.
        var larger = ArrayPool<byte>.Shared.Rent(size);
        var cost = larger.Length + MemoryAccount.ArrayOverhead;
        if (isForPieces)
        {
            account?.TakeBeside(cost);
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
            account?.GiveBeside(cost);
        else
            account?.Give(cost);
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
