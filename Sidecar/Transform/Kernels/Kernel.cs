using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>A way to apply a permutation.</summary>
/// <param name="Name">Its name in <c>--explain</c>.</param>
/// <param name="Feature">The processor feature that it needs; null for none.</param>
/// <param name="IsSupported">Whether this machine has the feature.</param>
/// <param name="Fits">Whether it can compute a permutation.</param>
/// <param name="Create">Makes it.</param>
internal sealed record Kernel(string Name, string? Feature, bool IsSupported, Func<Permutation, bool> Fits, Func<Permutation, ByteTransform> Create)
{
    /// <summary>The cheapest first. The identity needs none of them.</summary>
    public static IReadOnlyList<Kernel> All { get; } =
    [
        new("xor", null, true, p => p.Key is not null, p => new VectorKernel<Vector<byte>, XorMap>(p, new(p.Table[0]))),
        new("add", null, true, AddMap.Fits, p => new VectorKernel<Vector<byte>, AddMap>(p, new(p.Table[0]))),
        new("gfni-512", "GFNI with AVX-512", Gfni.V512.IsSupported, IsAffine, p => new VectorKernel<Vector512<byte>, Gfni512Map>(p, new(p))),
        new("gfni-256", "GFNI with AVX", Gfni.V256.IsSupported, IsAffine, p => new VectorKernel<Vector256<byte>, Gfni256Map>(p, new(p))),
        new("avx2-affine", "AVX2", Avx2.IsSupported, IsAffine, p => new Avx2AffineKernel(p)),
        new("vector128-affine", "128-bit shuffles", HasShuffles, IsAffine, p => new VectorKernel<Vector128<byte>, Vector128AffineMap>(p, new(p))),
        new("vbmi", "AVX-512 VBMI", Avx512Vbmi.IsSupported, _ => true, p => new VectorKernel<Vector512<byte>, VbmiMap>(p, new(p))),
        new("avx2-table", "AVX2", Avx2.IsSupported, _ => true, p => new Avx2TableKernel(p)),
        // An x64 processor emulates an Arm's shuffle: sixteen of them cost more than a look-up for each byte (0.9 against 1.3 GB/s).
        .. AdvSimd.IsSupported ? [PortableTable, Scalar] : (Kernel[])[Scalar, PortableTable],
    ];

    // Without shuffle instructions, sixteen look-ups and more replace one shuffle.
    private static bool HasShuffles => Ssse3.IsSupported || AdvSimd.IsSupported;

    private static Kernel PortableTable => new("vector128-table", "128-bit vectors", Vector128.IsHardwareAccelerated, _ => true, p => new Vector128TableKernel(p));

    private static Kernel Scalar => new("scalar", null, true, _ => true, p => new ScalarKernel(p));

    /// <summary>The cheapest that this machine has.</summary>
    public static Kernel For(Permutation permutation) => All.First(kernel => kernel.IsSupported && kernel.Fits(permutation));

    private static bool IsAffine(Permutation permutation) => permutation.Matrix is not null;
}
