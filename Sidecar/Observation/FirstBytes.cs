namespace Sidecar.Observation;

/// <summary>The bytes of one side before the protocol was known.</summary>
/// <param name="time">Time of the first one.</param>
internal sealed class FirstBytes(long time)
{
    private readonly byte[] _bytes = new byte[ProtocolDetection.Enough];
    private int _length;

    public long Time => time;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Keeps bytes: fewer than needed for a decision.</summary>
    public void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>The kept bytes and the next ones, as many as fit.</summary>
    public ReadOnlySpan<byte> JoinedWith(ReadOnlySpan<byte> next, Span<byte> buffer)
    {
        Bytes.CopyTo(buffer);
        var count = Math.Min(next.Length, buffer.Length - _length);
        next[..count].CopyTo(buffer[_length..]);
        return buffer[..(_length + count)];
    }
}
