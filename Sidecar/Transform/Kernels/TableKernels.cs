using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Oracle.Protocol.Expressions;

namespace Sidecar.Transform.Kernels;

/// <summary>Any permutation by two look-ups in 128 bytes each, for 64 bytes at once: <c>vpermi2b</c>.</summary>
internal sealed class VbmiKernel(Permutation permutation) : PermutationKernel(permutation)
{
    private readonly Vector512<byte>[] _quarters = MemoryMarshal.Cast<byte, Vector512<byte>>(permutation.Table).ToArray();

    protected override int ApplyVectors(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector512<byte>>(bytes);
        var (first, second, third, fourth) = (_quarters[0], _quarters[1], _quarters[2], _quarters[3]);
        foreach (ref var vector in vectors)
        {
            var lower = Avx512Vbmi.PermuteVar64x8x2(first, vector, second);
            var upper = Avx512Vbmi.PermuteVar64x8x2(third, vector, fourth);
            vector = Vector512.ConditionalSelect(Vector512.LessThan(vector.AsSByte(), Vector512<sbyte>.Zero).AsByte(), upper, lower);
        }

        return vectors.Length * Vector512<byte>.Count;
    }
}

/// <summary>
/// Any permutation by sixteen AVX2 shuffles, one for each sixteenth of the table. A shuffle gives 0 for an index with its top
/// bit set, so the index counts down by 16, saturating below 0, and each part holds what it differs from the one before:
/// their exclusive or is the value.
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
            // Values with the top bit set count down apart, from the table's middle.
            var part = i % (Parts / 2) == 0 ? parts[i] : parts[i] ^ parts[i - 1];
            _differences[i] = Vector256.Create(part, part);
        }
    }

    protected override int ApplyVectors(Span<byte> bytes)
    {
        var pairs = MemoryMarshal.Cast<byte, Pair>(bytes);
        ref var differences = ref MemoryMarshal.GetArrayDataReference(_differences);
        var top = Vector256.Create((byte)0x80);
        foreach (ref var pair in pairs)
        {
            var (a, b) = LookUp(ref differences, pair.First, pair.Second);
            var (c, d) = LookUp(ref Unsafe.Add(ref differences, Parts / 2), pair.First ^ top, pair.Second ^ top);
            (pair.First, pair.Second) = (a ^ c, b ^ d);
        }

        return pairs.Length * 2 * Vector256<byte>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<byte> First, Vector256<byte> Second) LookUp(ref Vector256<byte> differences, Vector256<byte> first, Vector256<byte> second)
    {
        var step = Vector256.Create((sbyte)PartSize);
        var (one, two) = (Avx2.Shuffle(differences, first), Avx2.Shuffle(differences, second));
        for (var i = 1; i < Parts / 2; i++)
        {
            var difference = Unsafe.Add(ref differences, i);
            first = Avx2.SubtractSaturate(first.AsSByte(), step).AsByte();
            second = Avx2.SubtractSaturate(second.AsSByte(), step).AsByte();
            one ^= Avx2.Shuffle(difference, first);
            two ^= Avx2.Shuffle(difference, second);
        }

        return (one, two);
    }

    private struct Pair
    {
        public Vector256<byte> First;
        public Vector256<byte> Second;
    }
}

/// <summary>Any permutation by sixteen shuffles for 16 bytes, on any processor that has vectors: an index beyond its part gives 0.</summary>
internal sealed class Vector128TableKernel(Permutation permutation) : PermutationKernel(permutation)
{
    private const byte PartSize = 16;

    private readonly Vector128<byte>[] _parts = MemoryMarshal.Cast<byte, Vector128<byte>>(permutation.Table).ToArray();

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
