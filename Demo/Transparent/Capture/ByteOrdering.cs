namespace Demo.Transparent.Capture;

/// <summary>Puts the segments of one direction in order: each byte once, none left out.</summary>
/// <param name="first">The sequence number of the first byte.</param>
/// <param name="take">Gets the bytes in order.</param>
internal sealed class ByteOrdering(uint first, Action<ReadOnlySpan<byte>> take)
{
    // Sequence numbers count modulo 2^32 (RFC 9293, 3.4); distances from the first byte do not.
    private readonly SortedList<long, ReadOnlyMemory<byte>> _waiting = [];
    private long _next;

    /// <summary>Whether bytes came whose predecessors did not.</summary>
    public bool HasGap => _waiting.Count > 0;

    /// <summary>Takes a segment; one that was sent again changes nothing.</summary>
    public void Add(uint sequence, ReadOnlyMemory<byte> payload)
    {
        var at = _next + (int)(sequence - (first + (uint)_next));
        if (payload.Length == 0 || at + payload.Length <= _next)
            return;
        if (!_waiting.TryGetValue(at, out var other) || other.Length < payload.Length)
            _waiting[at] = payload;
        while (_waiting.Count > 0 && _waiting.GetKeyAtIndex(0) <= _next)
        {
            var (start, bytes) = (_waiting.GetKeyAtIndex(0), _waiting.GetValueAtIndex(0));
            _waiting.RemoveAt(0);
            if (start + bytes.Length <= _next)
                continue;
            take(bytes.Span[(int)(_next - start)..]);
            _next = start + bytes.Length;
        }
    }
}
