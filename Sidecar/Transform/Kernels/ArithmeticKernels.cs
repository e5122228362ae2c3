using System.Numerics;
using System.Runtime.InteropServices;
using Oracle.Protocol.Expressions;

namespace Sidecar.Transform.Kernels;

/// <summary>Exclusive or with one byte, <c>not</c> among them.</summary>
internal sealed class XorKernel(Permutation permutation) : PermutationKernel(permutation)
{
    private readonly byte _key = permutation.Table[0];

    protected override int ApplyVectors(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(bytes);
        var key = new Vector<byte>(_key);
        foreach (ref var vector in vectors)
            vector ^= key;
        return vectors.Length * Vector<byte>.Count;
    }
}

/// <summary>Addition of one byte.</summary>
internal sealed class AddKernel(Permutation permutation) : PermutationKernel(permutation)
{
    private readonly byte _summand = permutation.Table[0];

    /// <summary>Whether that is all the permutation does.</summary>
    public static bool Fits(Permutation permutation)
    {
        for (var value = 0; value < Permutation.Size; value++)
        {
            if (permutation.Table[value] != (byte)(permutation.Table[0] + value))
                return false;
        }

        return true;
    }

    protected override int ApplyVectors(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(bytes);
        var summand = new Vector<byte>(_summand);
        foreach (ref var vector in vectors)
            vector += summand;
        return vectors.Length * Vector<byte>.Count;
    }
}
