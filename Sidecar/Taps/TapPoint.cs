using Sidecar.Connections;

namespace Sidecar.Taps;

/// <summary>One direction of one connection that a tap watches.</summary>
/// <param name="tap">The tap.</param>
/// <param name="label">The connection's label in the text.</param>
/// <param name="direction">The direction of the chunks.</param>
internal sealed class TapPoint(Tap tap, string label, Direction direction) : IChunkWatcher
{
    // A copy, because the codec can overwrite the bytes.
    private readonly byte[] _before = new byte[tap.Bytes];
    private int _length;
    private long _offset;

    public string Label => label;

    public Direction Direction => direction;

    /// <inheritdoc/>
    public bool IsDone => false;

    /// <inheritdoc/>
    public void Received(long offset, ReadOnlySpan<byte> chunk)
    {
        (_offset, _length) = (offset, chunk.Length);
        chunk[..Math.Min(_before.Length, chunk.Length)].CopyTo(_before);
    }

    /// <inheritdoc/>
    public void Passed(ReadOnlySpan<byte> bytes) => tap.Note(this, _offset, _length, Before, bytes);

    /// <inheritdoc/>
    public void Failed() => tap.NoteFailed(this, _offset, _length, Before);

    private ReadOnlySpan<byte> Before => _before.AsSpan(0, Math.Min(_before.Length, _length));
}
