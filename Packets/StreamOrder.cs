namespace Packets;

/// <summary>Puts the segments of one direction in order: each byte once, and a gap for missing bytes.</summary>
/// <param name="direction">The direction, for the reader.</param>
/// <param name="reader">Gets the bytes.</param>
/// <param name="limits">How much can wait.</param>
/// <param name="counts">Where to count.</param>
internal sealed class StreamOrder(TcpDirection direction, ITcpReader reader, ReassemblyLimits limits, ReassemblyCounts counts)
{
    // The largest window there can be (RFC 7323, 2.3): what is further ahead belongs to something else.
    private const long Farthest = 1L << 30;
    private const long Never = long.MaxValue;

    // Sequence numbers count modulo 2^32 (RFC 9293, 3.4); positions, which count from the first byte, do not.
    private readonly WaitingPieces _waiting = new();
    private readonly long _patience = limits.Patience.Ticks * TimeSpan.NanosecondsPerTick;
    private uint _first;
    private uint? _hint;
    private long _next;
    private long _acknowledged;
    private long _end = Never;
    private long _endSince;

    /// <summary>Whether it is known where it begins.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether it has reached its end, and the reader knows.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether bytes or the end wait for missing bytes.</summary>
    public bool IsWaiting => !HasEnded && HoleEnd != Never;

    /// <summary>The memory of what waits, in bytes.</summary>
    public long Cost => _waiting.Cost;

    // Where the missing bytes end, and how long something has waited for them.
    private long HoleEnd => _waiting.First?.Start ?? _end;

    private long HoleSince => _waiting.First?.Since ?? _endSince;

    /// <summary>The other side expects a byte next; this is where the direction begins if its own start was not captured.</summary>
    /// <param name="sequence">The number of that byte.</param>
    /// <param name="begins">Whether the connection was seen from its start.</param>
    public void Acknowledge(uint sequence, bool begins)
    {
        if (!HasBegun)
        {
            _hint = sequence;
            if (begins)
                Begin(sequence);
        }
        else if (Position(sequence) is var at && at > _acknowledged && at - _next <= Farthest)
        {
            _acknowledged = at;
        }
    }

    /// <summary>Takes a segment; a retransmitted one changes nothing.</summary>
    /// <param name="segment">A segment of this direction.</param>
    /// <param name="now">The time, which never goes back.</param>
    public void Add(in TcpSegment segment, long now)
    {
        if (!HasBegun)
            Begin(segment.FirstByte);
        var at = Position(segment.FirstByte);
        if (at - _next > Farthest)
        {
            counts.Ignored++;
            return;
        }

        if (segment.IsFin && !HasEnded)
            EndAt(at + segment.Length, now);
        if (segment.Length > 0)
            Take(at, segment, now);
        EndWhenReached(segment.Time);
    }

    /// <summary>Whether a segment with this number would be in the receiver's window (RFC 5961, 3.2), as far as is known.</summary>
    public bool IsInWindow(uint sequence) =>
        HasBegun && Position(sequence) is var at && at >= Math.Min(_acknowledged, _next) && at <= Math.Max(_next, _waiting.End) + ReassemblyLimits.LargestWindow;

    /// <summary>Gives up missing bytes that have passed, or for which too many wait.</summary>
    /// <param name="now">The time.</param>
    /// <param name="time">The time for the reader.</param>
    public void GiveUp(long now, long time)
    {
        while (IsWaiting && !reader.IsDone && (_waiting.Cost > limits.WaitingBytes || (_acknowledged >= HoleEnd && now - HoleSince >= _patience)))
            Skip(time);
    }

    /// <summary>
    /// Gives up all missing bytes before a number, because the other side has answered them: a capture shows a cause before its effect.
    /// </summary>
    public void GiveUpBefore(uint sequence, long time)
    {
        if (!HasBegun || Position(sequence) - _next > Farthest)
            return;
        var until = Math.Min(Position(sequence), _end);
        while (_next < until && !reader.IsDone)
        {
            if (_waiting.First?.Start < until)
                Skip(time);
            else
                Miss(until, time);
        }

        EndWhenReached(time);
    }

    /// <summary>Gives up the next missing bytes.</summary>
    public void Skip(long time)
    {
        Miss(HoleEnd, time);
        Pass(time);
        EndWhenReached(time);
    }

    /// <summary>No more segments come: waiting bytes are passed on, after the gap before them.</summary>
    public void Complete(long time)
    {
        while (IsWaiting && !reader.IsDone)
            Skip(time);
        Release();
    }

    /// <summary>Lets go of what waits.</summary>
    public void Release()
    {
        counts.Held -= _waiting.Cost;
        _waiting.Clear();
    }

    // What the other side has acknowledged is no new byte: a keep-alive has the number before the next one.
    private void Begin(uint first)
    {
        HasBegun = true;
        _first = _hint is { } hint && (int)(hint - first) > 0 ? hint : first;
    }

    private long Position(uint sequence) => _next + (int)(sequence - (_first + (uint)_next));

    // An end before bytes that were there is none.
    private void EndAt(long position, long now)
    {
        if (_end != Never || position < Math.Max(_next, _waiting.End))
            return;
        (_end, _endSince) = (position, now);
    }

    private void Take(long at, in TcpSegment segment, long now)
    {
        var (captured, end) = (Math.Min(at + segment.Payload.Length, _end), Math.Min(at + segment.Length, _end));
        var from = Math.Max(at, _next);
        counts.Retransmitted += Math.Clamp(_next - at, 0, segment.Length);
        if (from < captured)
            Take(from, segment.Payload[(int)(from - at)..(int)(captured - at)], segment.Time, now);
        from = Math.Max(captured, _next);
        if (from < end)
            TakeCut(from, end, segment.Time, now);
        Pass(segment.Time);
    }

    private void Take(long from, ReadOnlySpan<byte> bytes, long time, long now)
    {
        var end = from + bytes.Length;
        if (from == _next && !(_waiting.First?.Start < end))
        {
            _next = end;
            reader.Read(direction, bytes, time);
            return;
        }

        if (from > _next)
            counts.OutOfOrder++;
        var before = _waiting.Cost;
        counts.Retransmitted += _waiting.Add(from, bytes, now);
        counts.Held += _waiting.Cost - before;
    }

    private void TakeCut(long from, long end, long time, long now)
    {
        if (from == _next)
        {
            Miss(Math.Min(end, _waiting.First?.Start ?? end), time);
            return;
        }

        var before = _waiting.Cost;
        _waiting.AddCut(from, end, now);
        counts.Held += _waiting.Cost - before;
    }

    private void Pass(long time)
    {
        while (!reader.IsDone && _waiting.First?.Start == _next)
        {
            var piece = _waiting.RemoveFirst();
            counts.Held -= piece.Cost;
            try
            {
                if (piece.HasBytes)
                {
                    _next = piece.End;
                    reader.Read(direction, piece.Bytes, time);
                }
                else
                {
                    Miss(piece.End, time);
                }
            }
            finally
            {
                piece.Return();
            }
        }
    }

    private void Miss(long until, long time)
    {
        var count = until - _next;
        if (count == 0 || reader.IsDone)
            return;
        _next = until;
        counts.Gaps++;
        counts.GapBytes += count;
        reader.Gap(direction, count, time);
    }

    private void EndWhenReached(long time)
    {
        if (HasEnded || _next < _end || reader.IsDone)
            return;
        HasEnded = true;
        reader.End(direction, time);
    }
}
