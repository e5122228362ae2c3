using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>An affine map, 64 bytes an instruction: <c>gf2p8affineqb</c> on 512 bits.</summary>
internal readonly struct Gfni512Map(Permutation permutation) : IVectorMap<Vector512<byte>>
{
    private readonly Vector512<byte> _matrix = Vector512.Create(permutation.Matrix!.Value).AsByte();
    private readonly Vector512<byte> _constant = Vector512.Create(permutation.Table[0]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<byte> Map(Vector512<byte> vector) => Gfni.V512.GaloisFieldAffineTransform(vector, _matrix, 0) ^ _constant;
}

/// <summary>An affine map by <c>gf2p8affineqb</c> on 256 bits.</summary>
internal readonly struct Gfni256Map(Permutation permutation) : IVectorMap<Vector256<byte>>
{
    private readonly Vector256<byte> _matrix = Vector256.Create(permutation.Matrix!.Value).AsByte();
    private readonly Vector256<byte> _constant = Vector256.Create(permutation.Table[0]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<byte> Map(Vector256<byte> vector) => Gfni.V256.GaloisFieldAffineTransform(vector, _matrix, 0) ^ _constant;
}

/// <summary>An affine map by two shuffles for 16 bytes, on any processor that has vectors.</summary>
internal readonly struct Vector128AffineMap(Permutation permutation) : IVectorMap<Vector128<byte>>
{
    private readonly Nibbles _nibbles = new(permutation);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<byte> Map(Vector128<byte> vector) =>
        Vector128.ShuffleNative(_nibbles.Lower, vector & Vector128.Create((byte)0x0f)) ^ Vector128.ShuffleNative(_nibbles.Upper, vector >>> 4);
}

/// <summary>The effect of an affine map on the lower and on the upper four bits; together they define it.</summary>
internal readonly struct Nibbles
{
    public readonly Vector128<byte> Lower;
    public readonly Vector128<byte> Upper;

    public Nibbles(Permutation permutation)
    {
        for (var nibble = 0; nibble < 16; nibble++)
        {
            Lower = Lower.WithElement(nibble, permutation.Table[nibble]);
            Upper = Upper.WithElement(nibble, (byte)(permutation.Table[nibble << 4] ^ permutation.Table[0]));
        }
    }
}

/// <summary>An affine map by two AVX2 shuffles for 32 bytes.</summary>
internal sealed class Avx2AffineKernel(Permutation permutation) : PermutationKernel(permutation)
{
    private readonly Nibbles _nibbles = new(permutation);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override int ApplyVectors(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector256<byte>>(bytes);
        var lower = Vector256.Create(_nibbles.Lower, _nibbles.Lower);
        var upper = Vector256.Create(_nibbles.Upper, _nibbles.Upper);
        ref var first = ref MemoryMarshal.GetReference(vectors);
        // Four at a time: the steps of the loop itself would cost a fifth.
        var quads = vectors.Length & ~3;
        for (var i = 0; i < quads; i += 4)
        {
            ref var a = ref Unsafe.Add(ref first, i);
            ref var b = ref Unsafe.Add(ref a, 1);
            ref var c = ref Unsafe.Add(ref a, 2);
            ref var d = ref Unsafe.Add(ref a, 3);
            (a, b, c, d) = (Map(a, lower, upper), Map(b, lower, upper), Map(c, lower, upper), Map(d, lower, upper));
        }

        return quads * Vector256<byte>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Map(Vector256<byte> vector, Vector256<byte> lower, Vector256<byte> upper)
    {
        var mask = Vector256.Create((byte)0x0f);
        return Avx2.Shuffle(lower, vector & mask) ^ Avx2.Shuffle(upper, (vector.AsUInt16() >>> 4).AsByte() & mask);
    }
}
