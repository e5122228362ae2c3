namespace Sidecar.Observation.Http1;

/// <summary>What one direction of an HTTP/1 connection is found to be.</summary>
internal abstract class Http1Receiver
{
    /// <summary>A head has ended.</summary>
    /// <param name="head">Its start line and fields; the receiver's from now on.</param>
    /// <param name="framing">What it says about the body.</param>
    /// <param name="started">When its first byte was seen.</param>
    /// <param name="time">When its last byte was seen.</param>
    /// <returns>How the body behind it ends.</returns>
    public abstract BodyEnd OnHead(MessageHead head, in BodyFraming framing, long started, long time);

    /// <summary>The message has ended.</summary>
    /// <param name="bytes">Its length on the wire, head and body.</param>
    /// <param name="time">When its last byte was seen.</param>
    public abstract void OnEnd(long bytes, long time);

    /// <summary>Whether nothing more is of use, whatever follows.</summary>
    public abstract bool IsOver { get; }
}

/// <summary>
/// Reads one direction of an HTTP/1.0 or 1.1 connection as its bytes pass, in pieces of any size. Bodies are skipped by count.
/// Lenient where clients are: bare LF, empty lines before a request, folded fields.
/// </summary>
internal sealed class Http1Reader
{
    // A chunk's size in hexadecimal; more digits than these could overflow.
    private const int MaxSizeDigits = 15;

    // Of a line more is kept than of a head, so that a head is cut at the same place whether its line comes whole or in pieces.
    private const int LineSlack = 64 + LineBuffer.Tail;

    private readonly Http1Receiver _receiver;
    private readonly bool _readsRequests;
    private readonly MessageHeads _heads;
    private readonly LineBuffer _lines;
    private State _state = State.StartLine;
    private MessageHead? _head;
    private BodyFraming _framing;
    private long _started;
    private long _left;
    private long _bytes;

    /// <param name="receiver">Told of heads and ends.</param>
    /// <param name="readsRequests">Whether these are requests.</param>
    /// <param name="heads">Where heads come from.</param>
    public Http1Reader(Http1Receiver receiver, bool readsRequests, MessageHeads heads) =>
        (_receiver, _readsRequests, _heads, _lines) = (receiver, readsRequests, heads, new LineBuffer(heads.Limit + LineSlack, heads.Memory));

    private enum State
    {
        StartLine,
        Fields,
        Length,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailers,
        UntilClose,
        Over,
        Broken,
    }

    /// <summary>Why the bytes make no sense; null while they do.</summary>
    public string? Failure { get; private set; }

    /// <summary>Length so far of the message that has begun and not ended.</summary>
    public long MessageBytes => _bytes;

    /// <summary>Reads on; false once the bytes make no sense or are no longer HTTP/1, with those left that were not read.</summary>
    public bool Read(ref ReadOnlySpan<byte> bytes, long time)
    {
        while (!bytes.IsEmpty && _state < State.Over && !_receiver.IsOver && !_heads.Memory.IsExhausted)
        {
            var before = bytes.Length;
            Step(ref bytes, time, before);
        }

        return _state < State.Over;
    }

    /// <summary>The stream has ended, which may be the end of a body.</summary>
    public void End(long time)
    {
        if (_state == State.UntilClose)
            Finish(time);
    }

    /// <summary>Gives the buffers back.</summary>
    public void Release()
    {
        _lines.Release();
        _heads.Return(_head);
        _head = null;
    }

    private void Step(ref ReadOnlySpan<byte> bytes, long time, int before)
    {
        switch (_state)
        {
            case State.Length:
            case State.Chunk:
                var count = (int)Math.Min(_left, bytes.Length);
                bytes = bytes[count..];
                Count(count);
                _left -= count;
                if (_left == 0)
                    EndPart(time);
                return;
            case State.UntilClose:
                Count(bytes.Length);
                bytes = default;
                return;
        }

        if (_state == State.StartLine && !_lines.HasPart)
            _started = time;
        var isWhole = _lines.TryRead(ref bytes, out var line);
        Count(before - bytes.Length);
        if (isWhole)
            ReadLine(line, time);
    }

    private void Count(int bytes)
    {
        _bytes += bytes;
        _heads.Memory.Earn(bytes);
    }

    private void EndPart(long time)
    {
        if (_state == State.Chunk)
            _state = State.ChunkEnd;
        else
            Finish(time);
    }

    private void ReadLine(ReadOnlySpan<byte> line, long time)
    {
        switch (_state)
        {
            case State.StartLine when line.IsEmpty:
                // Some clients end a body with a line too many (RFC 9112, 2.2).
                _bytes = 0;
                break;
            case State.StartLine:
                ReadStartLine(line);
                break;
            case State.Fields when line.IsEmpty:
                EndHead(time);
                break;
            case State.Fields:
                ReadField(line);
                break;
            case State.ChunkSize:
                ReadChunkSize(line);
                break;
            case State.ChunkEnd when line.IsEmpty:
                _state = State.ChunkSize;
                break;
            case State.Trailers when line.IsEmpty:
                Finish(time);
                break;
            case State.Trailers:
                break;
            default:
                Break("a chunk is longer than its size");
                break;
        }
    }

    private void ReadStartLine(ReadOnlySpan<byte> line)
    {
        _head ??= _heads.Rent();
        if (StartLine.TryRead(line, _readsRequests, _head))
            _state = State.Fields;
        else
            Break("no HTTP/1 start line");
        if (_lines.IsCut)
            _head.Cut();
    }

    private void ReadField(ReadOnlySpan<byte> line)
    {
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            _framing.NoteFold();
            _head!.Fold(line.Trim(Ascii.Blanks));
        }
        else
        {
            AddField(line);
        }

        if (_lines.IsCut)
            _head!.Cut();
    }

    private void AddField(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            Break("a field without a name");
            return;
        }

        var value = line[(colon + 1)..].Trim(Ascii.Blanks);
        _framing.Note(line[..colon], value);
        // White space before the colon is wrong (RFC 9112, 5.1), and clients overlook it.
        _head!.Add(line[..colon].TrimEnd(Ascii.Blanks), value);
    }

    private void EndHead(long time)
    {
        if (_readsRequests ? _framing.IsDisputed(_head!.Version) : _framing.IsAmbiguous)
        {
            Break("lengths that contradict each other");
            return;
        }

        var head = _head!;
        _head = null;
        var end = _receiver.OnHead(head, _framing, _started, time);
        _left = _framing.Length ?? 0;
        _state = end switch
        {
            BodyEnd.AfterLength => State.Length,
            BodyEnd.AfterChunks => State.ChunkSize,
            _ => State.UntilClose,
        };
        if (end is BodyEnd.AtOnce or BodyEnd.Never)
            Finish(time);
        if (end == BodyEnd.Never)
            _state = State.Over;
    }

    private void ReadChunkSize(ReadOnlySpan<byte> line)
    {
        var extension = line.IndexOf((byte)';');
        var digits = (extension < 0 ? line : line[..extension]).Trim(Ascii.Blanks);
        if (digits.Length is 0 or > MaxSizeDigits || !long.TryParse(digits, System.Globalization.NumberStyles.AllowHexSpecifier, null, out _left))
            Break("a chunk without a size");
        else
            _state = _left == 0 ? State.Trailers : State.Chunk;
    }

    private void Finish(long time)
    {
        var bytes = _bytes;
        (_bytes, _framing, _state) = (0, default, State.StartLine);
        _receiver.OnEnd(bytes, time);
    }

    private void Break(string why) => (_state, Failure) = (State.Broken, why);
}
