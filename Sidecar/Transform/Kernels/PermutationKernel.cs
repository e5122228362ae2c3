using System.Runtime.CompilerServices;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>Applies a permutation to every byte. It keeps no state: one serves all connections.</summary>
internal abstract class PermutationKernel(Permutation permutation) : ByteTransform
{
    // At its best from the first call on, here and in each kernel: the runtime would take 100 ms and more to find out what is hot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void Apply(Span<byte> bytes)
    {
        var table = permutation.Table;
        foreach (ref var value in bytes[ApplyVectors(bytes)..])
            value = table[value];
    }

    /// <summary>Changes as many whole vectors as there are; returns how many bytes that were.</summary>
    protected abstract int ApplyVectors(Span<byte> bytes);
}

/// <summary>One look-up for each byte: what every processor has.</summary>
internal sealed class ScalarKernel(Permutation permutation) : PermutationKernel(permutation)
{
    protected override int ApplyVectors(Span<byte> bytes) => 0;
}
