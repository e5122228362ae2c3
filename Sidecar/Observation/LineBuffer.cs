using System.Buffers;

namespace Sidecar.Observation;

/// <summary>Cuts a stream into lines. A line that comes whole is not copied; of one that comes in pieces a bounded part is kept until its end.</summary>
/// <param name="limit">Most bytes of a line that are kept.</param>
internal sealed class LineBuffer(int limit)
{
    private byte[]? _bytes;
    private int _length;
    private bool _isTaken;

    /// <summary>Whether the line that was read last was longer than what is kept of it.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether a line has begun and not ended.</summary>
    public bool HasPart => !_isTaken && _length > 0;

    /// <summary>Takes a line out of the bytes, without its LF or CRLF; false once they are used up before its end.</summary>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line)
    {
        if (_isTaken)
            (_length, _isTaken, IsCut) = (0, false, false);
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            Keep(bytes);
            bytes = default;
            line = default;
            return false;
        }

        line = bytes[..end];
        bytes = bytes[(end + 1)..];
        if (_length > 0)
        {
            Keep(line);
            line = _bytes.AsSpan(0, _length);
        }

        if (line is [.., (byte)'\r'])
            line = line[..^1];
        _isTaken = true;
        return true;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Release()
    {
        if (_bytes is not null)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _length, _isTaken, IsCut) = (null, 0, false, false);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > limit - _length)
        {
            IsCut = true;
            bytes = bytes[..(limit - _length)];
        }

        var size = _length + bytes.Length;
        if (size > (_bytes?.Length ?? 0))
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(size, 2 * _length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            if (_bytes is not null)
                ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length = size;
    }
}
