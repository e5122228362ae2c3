namespace Sidecar.Transform;

/// <summary>Changes the bytes of one direction, in place, chunk after chunk, without changing their number.</summary>
internal abstract class ByteTransform
{
    /// <summary>Changes the next bytes of the direction.</summary>
    public abstract void Apply(Span<byte> bytes);
}
