namespace Packets;

/// <summary>Puts the segments of one direction in order: each byte once, and a gap for missing bytes.</summary>
/// <param name="direction">The direction, for the reader.</param>
/// <param name="first">The sequence number of the first byte.</param>
/// <param name="reader">Gets the bytes.</param>
/// <param name="maxWaiting">Bytes that can wait for missing ones before these count as lost.</param>
internal sealed class StreamOrder(TcpDirection direction, uint first, ITcpReader reader, int maxWaiting)
{
    // Sequence numbers count modulo 2^32 (RFC 9293, 3.4); distances from the first byte do not.
    private readonly SortedList<long, ReadOnlyMemory<byte>> _waiting = [];
    private long _next;
    private long _held;
    private long? _end;

    /// <summary>Whether it has reached its end, and the reader knows.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Takes a segment; a retransmitted one changes nothing.</summary>
    /// <param name="sequence">The sequence number of its first byte.</param>
    /// <param name="payload">Its bytes, as far as they were captured.</param>
    /// <param name="endsAfter">The number of bytes after which the direction ends; null if it goes on.</param>
    /// <param name="time">Its time.</param>
    public void Add(uint sequence, ReadOnlyMemory<byte> payload, int? endsAfter, DateTimeOffset time)
    {
        if (HasEnded)
            return;
        var at = _next + (int)(sequence - (first + (uint)_next));
        if (endsAfter is { } length)
            _end ??= at + length;
        if (payload.Length > 0 && at + payload.Length > _next)
            Hold(at, payload);
        Pass(time);
        while (_held > maxWaiting)
            Skip(time);
        EndWhenReached(time);
    }

    /// <summary>No more segments come: waiting bytes are passed on, after the gap before them.</summary>
    public void Complete(DateTimeOffset time)
    {
        while (_waiting.Count > 0)
            Skip(time);
        if (_end > _next)
            Miss(_end.Value, time);
        EndWhenReached(time);
    }

    // Of two segments that start at one byte, keeps the longer.
    private void Hold(long at, ReadOnlyMemory<byte> payload)
    {
        _ = _waiting.TryGetValue(at, out var other);
        if (other.Length >= payload.Length)
            return;
        _held += payload.Length - other.Length;
        _waiting[at] = payload;
    }

    private void Pass(DateTimeOffset time)
    {
        while (_waiting.Count > 0 && _waiting.GetKeyAtIndex(0) <= _next)
        {
            var (start, bytes) = (_waiting.GetKeyAtIndex(0), _waiting.GetValueAtIndex(0));
            _waiting.RemoveAt(0);
            _held -= bytes.Length;
            if (start + bytes.Length <= _next)
                continue;
            reader.Read(direction, bytes.Span[(int)(_next - start)..], time);
            _next = start + bytes.Length;
        }
    }

    private void Skip(DateTimeOffset time)
    {
        Miss(_waiting.GetKeyAtIndex(0), time);
        Pass(time);
    }

    private void Miss(long until, DateTimeOffset time)
    {
        reader.Gap(direction, until - _next, time);
        _next = until;
    }

    private void EndWhenReached(DateTimeOffset time)
    {
        if (HasEnded || _end is null || _next < _end)
            return;
        HasEnded = true;
        reader.End(direction, time);
    }
}
