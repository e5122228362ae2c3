namespace Sidecar.Observation.Http1;

/// <summary>Gets the messages of one direction of an HTTP/1 connection.</summary>
internal abstract class Http1Receiver
{
    /// <summary>A head has ended.</summary>
    /// <param name="head">Its start line and fields; the receiver owns it from now on.</param>
    /// <param name="framing">What it says about the body.</param>
    /// <param name="started">Time of its first byte.</param>
    /// <param name="time">Time of its last byte.</param>
    /// <returns>How the body after it ends; null if the message does not count, and nothing after it is read.</returns>
    public abstract BodyEnd? OnHead(MessageHead head, in BodyFraming framing, long started, long time);

    /// <summary>The message has ended.</summary>
    /// <param name="bytes">Its length on the wire, head and body.</param>
    /// <param name="time">Time of its last byte.</param>
    public abstract void OnEnd(long bytes, long time);
}

/// <summary>
/// Reads one direction of an HTTP/1.0 or 1.1 connection as its bytes pass, in pieces of any size. Bodies are skipped by their length.
/// It accepts what peers accept: bare LF, empty lines before a request, folded fields, leading zeros.
/// </summary>
internal sealed class Http1Reader
{
    // A chunk's size in hexadecimal; more digits than these could overflow.
    private const int MaxSizeDigits = 15;

    // More is kept of a line than of a head, so that a head is cut at the same place if its line comes in pieces.
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
    private long _headBytes;
    private bool _isBeforeChunks;

    /// <param name="receiver">Gets heads and ends.</param>
    /// <param name="readsRequests">Whether the messages are requests.</param>
    /// <param name="heads">The source of empty heads.</param>
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

    /// <summary>Why the bytes break the protocol; null if they do not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Length so far of the message that has not ended.</summary>
    public long MessageBytes => _bytes;

    /// <summary>Time at which the last message began.</summary>
    public long Started => _started;

    /// <summary>Whether a head has begun and is incomplete, or breaks the protocol.</summary>
    public bool HasPart => _head is not null || (_state == State.StartLine && _lines.HasPart);

    /// <summary>Whether a head with a body has ended and no byte of the body has come.</summary>
    public bool IsBeforeBody => _state is State.Length or State.ChunkSize && _bytes == _headBytes;

    /// <summary>A body that the client may have left out, while that is not certain.</summary>
    public OmittedBody? Omitted { get; private set; }

    /// <summary>Reads the next bytes; false when they break the protocol or are no longer HTTP/1, with the unread bytes left.</summary>
    public bool Read(ref ReadOnlySpan<byte> bytes, long time)
    {
        if (Omitted is not null && _state < State.Over && !CanGoOnWithout(bytes))
            return false;
        while (!bytes.IsEmpty && _state < State.Over && !_heads.Memory.IsExhausted)
        {
            var before = bytes.Length;
            Step(ref bytes, time, before);
        }

        return _state < State.Over;
    }

    /// <summary>Skips bytes that nobody has seen, if they certainly belong to a body.</summary>
    public bool TrySkip(long count, long time)
    {
        if (Omitted is not null)
            return false;
        if (_state == State.UntilClose)
        {
            _bytes += count;
            return true;
        }

        if (_state is not (State.Length or State.Chunk) || count > _left)
            return false;
        _bytes += count;
        _left -= count;
        if (_left == 0)
            EndPart(time);
        return true;
    }

    /// <summary>The stream has ended, which can be the end of a body.</summary>
    public void End(long time)
    {
        if (_state == State.UntilClose)
            Finish(time);
    }

    /// <summary>Reads nothing more.</summary>
    public void Stop() => _state = _state == State.Broken ? State.Broken : State.Over;

    /// <summary>
    /// The known part of a head that is incomplete or breaks the protocol; nothing more is read then. Null if none has begun.
    /// </summary>
    public MessageHead? TakePart()
    {
        if (!HasPart)
            return null;
        var head = _head ?? _heads.Rent();
        _head = null;
        if (_state == State.StartLine)
            StartLine.ReadPart(_lines.Part, head);
        head.Cut();
        Stop();
        return head;
    }

    /// <summary>The client may leave out the next body, so the next bytes are read as a message.</summary>
    /// <returns>The length of the message without the body.</returns>
    public long OmitBody(Exchange exchange)
    {
        SettleOmission();
        _isBeforeChunks = _state == State.ChunkSize;
        if (!_isBeforeChunks)
        {
            _heads.Memory.Take(OmittedBody.Cost);
            Omitted = new OmittedBody(_left) { Exchange = exchange };
        }

        var bytes = _bytes;
        (_bytes, _framing, _state) = (0, default, State.StartLine);
        return bytes;
    }

    /// <summary>The body was left out.</summary>
    public void SettleOmission()
    {
        if (Omitted is null)
            return;
        _heads.Memory.Give(OmittedBody.Cost);
        Omitted = null;
    }

    /// <summary>Releases the buffers.</summary>
    public void Release()
    {
        SettleOmission();
        _lines.Release();
        _heads.Return(_head);
        _head = null;
    }

    private bool CanGoOnWithout(ReadOnlySpan<byte> bytes)
    {
        if (Omitted!.IsSettledBy(bytes))
            SettleOmission();
        if (Omitted is not { IsUncertain: true })
            return true;
        Break(OmittedBody.Rule);
        return false;
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
                // Some clients send an extra line after a body (RFC 9112, 2.2).
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
                Break("a chunk that is longer than its size");
                break;
        }
    }

    private void ReadStartLine(ReadOnlySpan<byte> line)
    {
        _head ??= _heads.Rent();
        // No method of a client looks like the size of a chunk.
        if ((_isBeforeChunks && StartLine.MayBeChunkSize(line)) || !StartLine.TryRead(line, _readsRequests, _head))
        {
            BreakStartLine(line);
            return;
        }

        (_state, _isBeforeChunks) = (State.Fields, false);
        if (_lines.IsCut)
            _head.Cut();
    }

    private void BreakStartLine(ReadOnlySpan<byte> line)
    {
        if (_readsRequests)
            StartLine.ReadPart(line, _head!);
        _head!.Cut();
        Break(_readsRequests ? "a line that is no request line" : "a line that is no status line");
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
            Break("a field without a name or a colon");
            return;
        }

        var value = line[(colon + 1)..].Trim(Ascii.Blanks);
        _framing.Note(line[..colon], value);
        // Blanks before the colon are wrong (RFC 9112, 5.1), but clients accept them.
        _head!.Add(line[..colon].TrimEnd(Ascii.Blanks), value);
    }

    private void EndHead(long time)
    {
        var head = _head!;
        _head = null;
        if (_receiver.OnHead(head, _framing, _started, time) is not { } end)
        {
            Stop();
            return;
        }

        _left = _framing.Length ?? 0;
        _state = end switch
        {
            BodyEnd.AfterLength => State.Length,
            BodyEnd.AfterChunks => State.ChunkSize,
            _ => State.UntilClose,
        };
        _headBytes = _bytes;
        if (end is BodyEnd.AtOnce or BodyEnd.Never)
            Finish(time);
        if (end == BodyEnd.Never)
            Stop();
    }

    private void ReadChunkSize(ReadOnlySpan<byte> line)
    {
        var extension = line.IndexOf((byte)';');
        var digits = (extension < 0 ? line : line[..extension]).Trim(Ascii.Blanks);
        var number = digits.TrimStart((byte)'0');
        _left = 0;
        if (digits.IsEmpty || number.Length > MaxSizeDigits || (!number.IsEmpty && !long.TryParse(number, System.Globalization.NumberStyles.AllowHexSpecifier, null, out _left)))
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

    private void Break(string why)
    {
        (_state, Failure) = (State.Broken, why);
        if (Omitted is null && !_isBeforeChunks)
            return;
        // It can be a part of that body, and then it is not a request.
        Failure = OmittedBody.Rule;
        _heads.Return(_head);
        _head = null;
    }
}
