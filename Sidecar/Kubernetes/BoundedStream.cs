namespace Sidecar.Kubernetes;

/// <summary>Reads from a stream what is bounded: lines, or all of it.</summary>
/// <param name="stream">The stream.</param>
/// <param name="limit">Most bytes of a line, or of all.</param>
internal sealed class BoundedStream(Stream stream, int limit)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line, valid until the next call; null at the end. A last line without its line feed is not whole, so it does not count.</summary>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken stop)
    {
        for (var searched = _start; ;)
        {
            var at = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, searched + at - _start);
                _start = searched + at + 1;
                return line;
            }

            searched = _end - _start;
            if (!await ReadMoreAsync(stop))
                return null;
        }
    }

    /// <summary>All bytes to the end.</summary>
    /// <exception cref="InvalidDataException">There are too many.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAllAsync(CancellationToken stop)
    {
        while (await ReadMoreAsync(stop))
        {
        }

        return _buffer.AsMemory(_start, _end - _start);
    }

    private async ValueTask<bool> ReadMoreAsync(CancellationToken stop)
    {
        // What is there stands at the start of the buffer then.
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= limit)
                throw new InvalidDataException($"the API server sends more than {limit} bytes at once");
            Array.Resize(ref _buffer, Math.Min(limit, 2 * _buffer.Length));
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), stop);
        _end += read;
        return read > 0;
    }
}
