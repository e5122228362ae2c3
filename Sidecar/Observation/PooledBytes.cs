using System.Buffers;

namespace Sidecar.Observation;

/// <summary>Joins what does not come in one piece, in a buffer of the pool that grows.</summary>
internal sealed class PooledBytes
{
    private byte[]? _bytes;
    private int _length;

    public bool IsEmpty => _length == 0;

    public Span<byte> Written => _bytes.AsSpan(0, _length);

    public void Add(ReadOnlySpan<byte> fragment)
    {
        var size = _length + fragment.Length;
        if (size > (_bytes?.Length ?? 0))
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(size, 2 * _length));
            Written.CopyTo(larger);
            if (_bytes is not null)
                ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        fragment.CopyTo(_bytes.AsSpan(_length));
        _length = size;
    }

    /// <summary>Forgets all and gives the buffer back.</summary>
    public void Release()
    {
        if (_bytes is not null)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _length) = (null, 0);
    }
}
