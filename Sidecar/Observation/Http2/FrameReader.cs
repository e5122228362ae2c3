using System.Buffers.Binary;
using Sidecar.Observation.Memory;

namespace Sidecar.Observation.Http2;

/// <summary>Gets the frames of one direction of an HTTP/2 connection.</summary>
internal interface IFrameReceiver
{
    /// <summary>A header block is complete.</summary>
    /// <param name="frame">The frame that began it: HEADERS or PUSH_PROMISE.</param>
    /// <param name="block">The block, joined from its fragments.</param>
    /// <param name="started">Time of the frame's first byte.</param>
    /// <param name="time">Time of the block's last byte.</param>
    /// <returns>Why it breaks the protocol; null if it does not.</returns>
    public string? OnBlock(in FrameHeader frame, ReadOnlySpan<byte> block, long started, long time);

    /// <summary>A piece of a stream's body, without padding.</summary>
    public void OnData(int stream, ReadOnlySpan<byte> piece);

    /// <summary>One of the settings of a SETTINGS frame.</summary>
    public void OnSetting(ushort setting, uint value);

    /// <summary>A frame has ended; a frame with a header block ends with its block.</summary>
    /// <param name="frame">The frame, or the one that began the block.</param>
    /// <param name="value">The error of RST_STREAM, the last stream of GOAWAY.</param>
    /// <param name="bytes">Its length with its header, and with the frames that continue it.</param>
    /// <param name="time">Time of its last byte.</param>
    public void OnFrame(in FrameHeader frame, uint value, long bytes, long time);
}

/// <summary>
/// Splits one direction of an HTTP/2 connection into frames as its bytes pass, in pieces of any size (RFC 9113, 4). Only header blocks
/// are kept until they are complete. Frames of unknown types are skipped.
/// </summary>
internal sealed class FrameReader
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private readonly IFrameReceiver _receiver;
    private readonly int _maxBlockBytes;
    private readonly MemoryAccount _memory;
    private PooledBytes _fragments;
    private readonly byte[] _gathered = new byte[FrameHeader.Size];
    private int _gatheredLength;
    private State _state;
    private FrameHeader _frame;
    private FrameHeader _opening;
    private bool _isInBlock;
    private readonly bool _isClients;
    private bool _hasSettings;
    private int _prefacePassed;
    private int _left;
    private int _body;
    private uint _value;
    private long _bytes;
    private long _earned;
    private long _started;

    /// <param name="receiver">Gets the content of frames.</param>
    /// <param name="isClients">Whether these are the client's bytes, after a preface.</param>
    /// <param name="maxBlockBytes">Most bytes of the frames of a header block.</param>
    /// <param name="memory">Charged for header blocks that come in pieces.</param>
    public FrameReader(IFrameReceiver receiver, bool isClients, int maxBlockBytes, MemoryAccount memory)
    {
        (_receiver, _state, _isClients, _maxBlockBytes) = (receiver, isClients ? State.Preface : State.Header, isClients, maxBlockBytes);
        (_memory, _fragments) = (memory, new PooledBytes(memory, isForPieces: true));
    }

    private enum State
    {
        Preface,
        Header,
        Prefix,
        Body,
        Padding,
        Broken,
    }

    /// <summary>Why the bytes break the protocol; null if they do not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Reads the next bytes; false when they break the protocol, with the unread bytes left.</summary>
    public bool Read(ref ReadOnlySpan<byte> bytes, long time)
    {
        while (!bytes.IsEmpty && _state != State.Broken && !_memory.IsExhausted)
            Step(ref bytes, time);
        return _state != State.Broken;
    }

    /// <summary>Releases the buffer.</summary>
    public void Release() => _fragments.Release();

    private void Step(ref ReadOnlySpan<byte> bytes, long time)
    {
        switch (_state)
        {
            case State.Preface:
                ReadPreface(ref bytes);
                break;
            case State.Header:
                if (_gatheredLength == 0 && !_isInBlock)
                    _started = time;
                if (TryGather(ref bytes, FrameHeader.Size, out var header))
                    Begin(FrameHeader.Read(header), time);
                break;
            case State.Prefix:
                if (TryGather(ref bytes, _frame.PrefixLength, out var prefix))
                    ReadPrefix(prefix, time);
                break;
            case State.Body:
                ReadBody(ref bytes, time);
                break;
            default:
                Skip(ref bytes, time);
                break;
        }
    }

    private void ReadPreface(ref ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, Preface.Length - _prefacePassed);
        if (!bytes[..count].SequenceEqual(Preface.Slice(_prefacePassed, count)))
        {
            Break("no HTTP/2 preface");
            return;
        }

        bytes = bytes[count..];
        _prefacePassed += count;
        if (_prefacePassed == Preface.Length)
            _state = State.Header;
    }

    /// <summary>Takes this number of bytes; false if there are fewer.</summary>
    private bool TryGather(ref ReadOnlySpan<byte> bytes, int length, out ReadOnlySpan<byte> gathered)
    {
        var count = Math.Min(bytes.Length, length - _gatheredLength);
        gathered = bytes[..count];
        bytes = bytes[count..];
        if (count == length)
            return true;
        gathered.CopyTo(_gathered.AsSpan(_gatheredLength));
        _gatheredLength += count;
        if (_gatheredLength < length)
            return false;
        gathered = _gathered.AsSpan(0, length);
        _gatheredLength = 0;
        return true;
    }

    private void Begin(in FrameHeader frame, long time)
    {
        _frame = frame;
        if (FaultOf(frame) is { } fault)
        {
            Break(fault);
            return;
        }

        _hasSettings |= !frame.IsAcknowledgement;
        _bytes += FrameHeader.Size + frame.Length;
        (_left, _body, _value) = (frame.Length, frame.Length, 0);
        if (frame.HasFragment && !_isInBlock)
            (_opening, _isInBlock) = (frame, true);
        _state = State.Prefix;
        if (frame.PrefixLength == 0)
            BeginBody(time);
    }

    private string? FaultOf(in FrameHeader frame)
    {
        // SETTINGS is the first frame of either side (RFC 9113, 3.4), but servers let a client acknowledge theirs earlier.
        if (!_hasSettings && (frame.Type != FrameType.Settings || (frame.IsAcknowledgement && !_isClients)))
            return "no HTTP/2 settings at first";
        if (_isInBlock ? frame.Type != FrameType.Continuation || frame.Stream != _opening.Stream : frame.Type == FrameType.Continuation)
            return "a header block that is not continued";
        if (frame.HasFragment && frame.Length > _maxBlockBytes - _bytes)
            return "a header block that is too long";
        if (!frame.HasRightLength)
            return "a frame of a wrong length";
        return frame.HasRightStream ? null : "a frame on a wrong stream";
    }

    private void ReadPrefix(ReadOnlySpan<byte> prefix, long time)
    {
        _left -= prefix.Length;
        _body = _left;
        if (_frame.Type == FrameType.Settings)
        {
            _receiver.OnSetting(BinaryPrimitives.ReadUInt16BigEndian(prefix), BinaryPrimitives.ReadUInt32BigEndian(prefix[2..]));
            if (_left > 0)
                return;
        }
        else if (_frame.Type is FrameType.ResetStream or FrameType.GoAway)
        {
            _value = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        }
        else if (_frame.IsPadded)
        {
            _body -= prefix[0];
            if (_body < 0)
            {
                Break("a padding longer than its frame");
                return;
            }
        }

        BeginBody(time);
    }

    private void BeginBody(long time)
    {
        _state = State.Body;
        if (_body == 0)
            EndBody(time);
    }

    private void ReadBody(ref ReadOnlySpan<byte> bytes, long time)
    {
        var piece = bytes[..Math.Min(_body, bytes.Length)];
        bytes = bytes[piece.Length..];
        _body -= piece.Length;
        _left -= piece.Length;
        if (_frame.Type == FrameType.Data)
            _receiver.OnData(_frame.Stream, piece);
        else if (_frame.EndsBlock && _body == 0 && _fragments.IsEmpty)
            EndBlock(piece, time);
        else if (_frame.HasFragment)
            _fragments.TryAdd(piece);
        if (_body == 0 && _state != State.Broken)
            EndBody(time);
    }

    private void EndBody(long time)
    {
        if (_isInBlock && _frame.EndsBlock)
            EndBlock(_fragments.Written, time);
        if (_state == State.Broken)
            return;
        _state = State.Padding;
        if (_left == 0)
            EndFrame(time);
    }

    private void EndBlock(ReadOnlySpan<byte> block, long time)
    {
        _isInBlock = false;
        // Before the block is kept, so that the allowed memory does not depend on the pieces in which its bytes come.
        Earn();
        if (_receiver.OnBlock(_opening, block, _started, time) is { } failure)
            Break(failure);
        _fragments.Release();
    }

    private void Skip(ref ReadOnlySpan<byte> bytes, long time)
    {
        var count = Math.Min(_left, bytes.Length);
        bytes = bytes[count..];
        _left -= count;
        if (_left == 0)
            EndFrame(time);
    }

    private void EndFrame(long time)
    {
        _state = State.Header;
        if (_isInBlock)
            return;
        Earn();
        var bytes = _bytes;
        (_bytes, _earned) = (0, 0);
        _receiver.OnFrame(_frame.HasFragment ? _opening : _frame, _value, bytes, time);
    }

    private void Earn()
    {
        _memory.Earn(_bytes - _earned);
        _earned = _bytes;
    }

    private void Break(string why) => (_state, Failure) = (State.Broken, why);
}
