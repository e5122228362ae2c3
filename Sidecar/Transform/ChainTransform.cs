using ByteFilters;

namespace Sidecar.Transform;

/// <summary>Several transforms, one after the other.</summary>
internal sealed class ChainTransform(ByteTransform[] transforms) : ByteTransform
{
    // Small, so that the output of one transform is still in the first-level cache when the next reads it.
    private const int BlockSize = 16 * 1024;

    public override void Apply(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var block = bytes[..Math.Min(bytes.Length, BlockSize)];
            foreach (var transform in transforms)
                transform.Apply(block);
            bytes = bytes[block.Length..];
        }
    }
}

/// <summary>Leaves all bytes unchanged.</summary>
internal sealed class IdentityTransform : ByteTransform
{
    public static readonly IdentityTransform Instance = new();

    public override void Apply(Span<byte> bytes)
    {
    }
}
