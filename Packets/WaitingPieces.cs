using System.Buffers;

namespace Packets;

/// <summary>
/// The pieces of a direction that wait for missing bytes: a treap by position, no two of which overlap. Of two bytes for one position the
/// first stays.
/// </summary>
internal sealed class WaitingPieces
{
    private WaitingPiece? _root;

    /// <summary>The memory that they take, in bytes.</summary>
    public long Cost { get; private set; }

    /// <summary>The piece with the lowest position.</summary>
    public WaitingPiece? First { get; private set; }

    /// <summary>The position behind the last piece; 0 if there is none.</summary>
    public long End
    {
        get
        {
            var last = _root;
            while (last?.Right is { } right)
                last = right;
            return last?.End ?? 0;
        }
    }

    /// <summary>Holds the bytes whose positions have none yet.</summary>
    /// <returns>How many bytes had come before.</returns>
    public long Add(long start, ReadOnlySpan<byte> bytes, long time)
    {
        var end = start + bytes.Length;
        var from = Math.Min(end, Math.Max(start, EndAt(start)));
        if (from == end)
            return bytes.Length;
        var (before, rest) = Split(_root, from);
        var (covered, behind) = Split(rest, end);
        if (covered is not null && LastOf(covered) is var last && last.End > end)
        {
            end = last.Start;
            (covered, _) = Split(covered, end);
            behind = Join(last, behind);
        }

        if (from == end)
        {
            _root = Join(before, behind);
            return bytes.Length;
        }

        var since = (covered ?? behind) is { } next ? FirstOf(next).Since : time;
        var buffer = ArrayPool<byte>.Shared.Rent((int)(end - from));
        bytes[(int)(from - start)..(int)(end - start)].CopyTo(buffer);
        // One piece instead of many: each piece is moved once, however often it is overlapped.
        var again = bytes.Length - (end - from) + Absorb(covered, from, buffer);
        Insert(before, new WaitingPiece(from, end, buffer, since), behind);
        return again;
    }

    /// <summary>Remembers that bytes were cut off, up to the first that have come.</summary>
    public void AddCut(long start, long end, long time)
    {
        var from = Math.Max(start, EndAt(start));
        var (before, behind) = Split(_root, from);
        var next = behind is null ? null : FirstOf(behind);
        var to = Math.Min(end, next?.Start ?? end);
        if (from < to)
            Insert(before, new WaitingPiece(from, to, null, next?.Since ?? time), behind);
        else
            _root = Join(before, behind);
    }

    /// <summary>Takes the first piece out; the caller returns it.</summary>
    public WaitingPiece RemoveFirst()
    {
        var first = First!;
        (_, _root) = Split(_root, first.End);
        First = _root is null ? null : FirstOf(_root);
        Cost -= first.Cost;
        return first;
    }

    /// <summary>Lets go of all.</summary>
    public void Clear()
    {
        while (First is not null)
            RemoveFirst().Return();
    }

    private void Insert(WaitingPiece? before, WaitingPiece piece, WaitingPiece? behind)
    {
        Cost += piece.Cost;
        _root = Join(Join(before, piece), behind);
        if (First is null || piece.Start <= First.Start)
            First = piece;
    }

    // Bytes that were there win over those of the buffer.
    private long Absorb(WaitingPiece? covered, long from, byte[] buffer)
    {
        if (covered is null)
            return 0;
        covered.Bytes.CopyTo(buffer.AsSpan((int)(covered.Start - from)));
        var (count, left, right) = (covered.Bytes.Length, covered.Left, covered.Right);
        Cost -= covered.Cost;
        covered.Return();
        return count + Absorb(left, from, buffer) + Absorb(right, from, buffer);
    }

    // The end of the last piece that starts at or before a position.
    private long EndAt(long position)
    {
        var end = 0L;
        for (var piece = _root; piece is not null;)
        {
            if (piece.Start <= position)
                (end, piece) = (piece.End, piece.Right);
            else
                piece = piece.Left;
        }

        return end;
    }

    // Pieces that start before a position, and the others.
    private static (WaitingPiece? Before, WaitingPiece? Behind) Split(WaitingPiece? tree, long position)
    {
        if (tree is null)
            return default;
        if (tree.Start < position)
        {
            (tree.Right, var behind) = Split(tree.Right, position);
            return (tree, behind);
        }

        (var before, tree.Left) = Split(tree.Left, position);
        return (before, tree);
    }

    private static WaitingPiece? Join(WaitingPiece? before, WaitingPiece? behind)
    {
        if (before is null || behind is null)
            return before ?? behind;
        if (before.Priority > behind.Priority)
        {
            before.Right = Join(before.Right, behind);
            return before;
        }

        behind.Left = Join(before, behind.Left);
        return behind;
    }

    private static WaitingPiece FirstOf(WaitingPiece tree)
    {
        while (tree.Left is { } left)
            tree = left;
        return tree;
    }

    private static WaitingPiece LastOf(WaitingPiece tree)
    {
        while (tree.Right is { } right)
            tree = right;
        return tree;
    }
}
