using System.Buffers;

namespace Packets;

/// <summary>Bytes of a direction that came before the bytes in front of them; a node of <see cref="WaitingPieces"/>.</summary>
/// <param name="start">The position of its first byte.</param>
/// <param name="end">The position behind its last byte.</param>
/// <param name="buffer">Its bytes, of the shared pool; null if the capture cut them off.</param>
/// <param name="since">When bytes behind the missing ones came first.</param>
internal sealed class WaitingPiece(long start, long end, byte[]? buffer, long since)
{
    public long Start => start;

    public long End => end;

    public long Since => since;

    public bool HasBytes => buffer is not null;

    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, buffer is null ? 0 : (int)(end - start));

    /// <summary>The memory that it takes, in bytes.</summary>
    public int Cost => (buffer?.Length ?? 0) + ReassemblyLimits.PieceBytes;

    // Nobody who sends segments can know it: the tree stays balanced.
    public int Priority { get; } = Random.Shared.Next();

    public WaitingPiece? Left { get; set; }

    public WaitingPiece? Right { get; set; }

    public void Return()
    {
        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
