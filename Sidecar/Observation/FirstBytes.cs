namespace Sidecar.Observation;

/// <summary>What one side sent before the protocol was known.</summary>
/// <param name="time">When it began.</param>
internal sealed class FirstBytes(long time)
{
    private readonly byte[] _bytes = new byte[ProtocolDetection.Enough];
    private int _length;

    public long Time => time;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Keeps bytes: fewer than are enough, or there would be a decision.</summary>
    public void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>What was kept and what follows it, as far as there is room.</summary>
    public ReadOnlySpan<byte> JoinedWith(ReadOnlySpan<byte> next, Span<byte> buffer)
    {
        Bytes.CopyTo(buffer);
        var count = Math.Min(next.Length, buffer.Length - _length);
        next[..count].CopyTo(buffer[_length..]);
        return buffer[..(_length + count)];
    }
}
