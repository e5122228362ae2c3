using System.Numerics;
using System.Runtime.InteropServices;

namespace Sidecar.Transform;

/// <summary><c>xor n</c>, and <c>not</c>, which is xor with 255: its own inverse.</summary>
internal sealed class XorTransform(byte key) : ByteTransform
{
    public override void Apply(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(bytes);
        var wide = new Vector<byte>(key);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] ^= wide;
        for (var i = vectors.Length * Vector<byte>.Count; i < bytes.Length; i++)
            bytes[i] ^= key;
    }
}
