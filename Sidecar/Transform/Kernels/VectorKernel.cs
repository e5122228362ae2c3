using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>A kernel's change of one vector of bytes. A struct, so that the compiler makes a separate loop for each.</summary>
internal interface IVectorMap<TVector>
{
    /// <summary>The vector's bytes, changed.</summary>
    public TVector Map(TVector vector);
}

/// <summary>One vector after the other.</summary>
internal sealed class VectorKernel<TVector, TMap>(Permutation permutation, TMap map) : PermutationKernel(permutation)
    where TVector : struct
    where TMap : struct, IVectorMap<TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override int ApplyVectors(Span<byte> bytes)
    {
        var vectors = MemoryMarshal.Cast<byte, TVector>(bytes);
        // A copy, which the compiler can keep in registers.
        var local = map;
        foreach (ref var vector in vectors)
            vector = local.Map(vector);
        return vectors.Length * Unsafe.SizeOf<TVector>();
    }
}
