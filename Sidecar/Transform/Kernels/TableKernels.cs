using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>Any permutation by two look-ups in 128 bytes each, for 64 bytes at once: <c>vpermi2b</c>.</summary>
internal readonly struct VbmiMap : IVectorMap<Vector512<byte>>
{
    private readonly Vector512<byte> _first;
    private readonly Vector512<byte> _second;
    private readonly Vector512<byte> _third;
    private readonly Vector512<byte> _fourth;

    public VbmiMap(Permutation permutation)
    {
        var quarters = MemoryMarshal.Cast<byte, Vector512<byte>>(permutation.Table);
        (_first, _second, _third, _fourth) = (quarters[0], quarters[1], quarters[2], quarters[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<byte> Map(Vector512<byte> vector)
    {
        var lower = Avx512Vbmi.PermuteVar64x8x2(_first, vector, _second);
        var upper = Avx512Vbmi.PermuteVar64x8x2(_third, vector, _fourth);
        return Vector512.ConditionalSelect(Vector512.LessThan(vector.AsSByte(), Vector512<sbyte>.Zero).AsByte(), upper, lower);
    }
}

/// <summary>
/// Any permutation by sixteen AVX2 shuffles, one for each sixteenth of the table. A shuffle gives 0 for an index with its top
/// bit set. So the index counts down by 16, saturating below 0, and each part holds its difference from the part before;
/// the exclusive or of these is the value.
/// </summary>
internal sealed class Avx2TableKernel : PermutationKernel
{
    private const int Parts = 16;
    private const int PartSize = 16;

    private readonly Vector256<byte>[] _differences = new Vector256<byte>[Parts];

    public Avx2TableKernel(Permutation permutation)
        : base(permutation)
    {
        var parts = MemoryMarshal.Cast<byte, Vector128<byte>>(permutation.Table);
        for (var i = 0; i < Parts; i++)
        {
            // Values with the top bit set count down separately, from the table's middle.
            var part = i % (Parts / 2) == 0 ? parts[i] : parts[i] ^ parts[i - 1];
            _differences[i] = Vector256.Create(part, part);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override int ApplyVectors(Span<byte> bytes)
    {
        var quads = MemoryMarshal.Cast<byte, Quad>(bytes);
        ref var lower = ref MemoryMarshal.GetArrayDataReference(_differences);
        ref var upper = ref Unsafe.Add(ref lower, Parts / 2);
        var top = Vector256.Create((byte)0x80);
        foreach (ref var quad in quads)
            quad = LookUp(ref lower, quad) ^ LookUp(ref upper, quad ^ new Quad(top, top, top, top));
        return quads.Length * 4 * Vector256<byte>.Count;
    }

    // Four vectors at once, so that each part is loaded once for 128 bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad LookUp(ref Vector256<byte> differences, Quad index)
    {
        var step = Vector256.Create((sbyte)PartSize);
        var (a, b, c, d) = (index.A.AsSByte(), index.B.AsSByte(), index.C.AsSByte(), index.D.AsSByte());
        var part = differences;
        var (w, x, y, z) = (Avx2.Shuffle(part, a.AsByte()), Avx2.Shuffle(part, b.AsByte()), Avx2.Shuffle(part, c.AsByte()), Avx2.Shuffle(part, d.AsByte()));
        for (var i = 1; i < Parts / 2; i++)
        {
            part = Unsafe.Add(ref differences, i);
            a = Avx2.SubtractSaturate(a, step);
            b = Avx2.SubtractSaturate(b, step);
            c = Avx2.SubtractSaturate(c, step);
            d = Avx2.SubtractSaturate(d, step);
            w ^= Avx2.Shuffle(part, a.AsByte());
            x ^= Avx2.Shuffle(part, b.AsByte());
            y ^= Avx2.Shuffle(part, c.AsByte());
            z ^= Avx2.Shuffle(part, d.AsByte());
        }

        return new Quad(w, x, y, z);
    }

    private readonly struct Quad(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c, Vector256<byte> d)
    {
        public readonly Vector256<byte> A = a;
        public readonly Vector256<byte> B = b;
        public readonly Vector256<byte> C = c;
        public readonly Vector256<byte> D = d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Quad operator ^(Quad left, Quad right) => new(left.A ^ right.A, left.B ^ right.B, left.C ^ right.C, left.D ^ right.D);
    }
}

/// <summary>Any permutation by sixteen shuffles for 16 bytes, on any processor that has vectors: an index beyond its part gives 0.</summary>
internal sealed class Vector128TableKernel(Permutation permutation) : PermutationKernel(permutation)
{
    private const byte PartSize = 16;

    private readonly Vector128<byte>[] _parts = MemoryMarshal.Cast<byte, Vector128<byte>>(permutation.Table).ToArray();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override int ApplyVectors(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector128<byte>>(bytes);
        foreach (ref var vector in vectors)
        {
            var index = vector;
            var value = Vector128<byte>.Zero;
            foreach (var part in _parts)
            {
                value |= Vector128.Shuffle(part, index);
                index -= Vector128.Create(PartSize);
            }

            vector = value;
        }

        return vectors.Length * Vector128<byte>.Count;
    }
}
