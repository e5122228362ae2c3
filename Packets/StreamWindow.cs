namespace Packets;

/// <summary>The part of a stream that is looked at. What is not whole yet stays, so that a later look can go on.</summary>
/// <param name="stream">The stream.</param>
/// <param name="bufferBytes">How much is read at a time, unless more has to be looked at at once.</param>
internal sealed class StreamWindow(Stream stream, int bufferBytes)
{
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(bufferBytes);
    private int _start;
    private int _end;

    /// <summary>The offset in the stream of the first byte that is looked at.</summary>
    public long Position { get; private set; }

    /// <summary>The bytes that are there; they stay until the next look.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Whether a number of bytes are there; false if the stream ends before.</summary>
    public bool Has(int count)
    {
        while (Bytes.Length < count)
        {
            MakeRoom();
            var read = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (read <= 0)
                return false;
            _end += read;
        }

        return true;
    }

    /// <summary>Goes on behind bytes that are there.</summary>
    public void Advance(int count)
    {
        _start += count;
        Position += count;
    }

    /// <summary>Goes on, as far as bytes are there.</summary>
    /// <returns>How many bytes are still to be skipped.</returns>
    public long Skip(long count)
    {
        while (count > 0 && Has(1))
        {
            var part = (int)Math.Min(count, Bytes.Length);
            Advance(part);
            count -= part;
        }

        return count;
    }

    // A large claim takes memory only as its bytes come.
    private void MakeRoom()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
        else if (_end == _buffer.Length)
        {
            var larger = _start > 0 ? _buffer : GC.AllocateUninitializedArray<byte>(2 * _buffer.Length);
            Bytes.CopyTo(larger);
            (_buffer, _start, _end) = (larger, 0, _end - _start);
        }
    }
}
