using System.Runtime.CompilerServices;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>Applies a permutation to every byte. It keeps no state, so one instance serves all connections.</summary>
internal abstract class PermutationKernel(Permutation permutation) : ByteTransform
{
    // Optimized from the first call on, here and in each kernel: the runtime would need 100 ms and more to find the hot code.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void Apply(Span<byte> bytes)
    {
        var table = permutation.Table;
        foreach (ref var value in bytes[ApplyVectors(bytes)..])
            value = table[value];
    }

    /// <summary>Changes as many whole vectors as there are; returns the number of changed bytes.</summary>
    protected abstract int ApplyVectors(Span<byte> bytes);
}

/// <summary>One look-up for each byte, which every processor can do.</summary>
internal sealed class ScalarKernel(Permutation permutation) : PermutationKernel(permutation)
{
    protected override int ApplyVectors(Span<byte> bytes) => 0;
}
