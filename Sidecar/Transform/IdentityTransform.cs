namespace Sidecar.Transform;

/// <summary><c>idt</c>: bytes pass as they are.</summary>
internal sealed class IdentityTransform : ByteTransform
{
    public static readonly IdentityTransform Instance = new();

    public override void Apply(Span<byte> bytes)
    {
    }
}
