using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Oracle.Protocol.Expressions;

namespace Sidecar.Transform.Kernels;

/// <summary>A way to apply a permutation.</summary>
/// <param name="Name">What <c>--explain</c> calls it.</param>
/// <param name="IsSupported">Whether this machine can.</param>
/// <param name="Fits">Whether it computes this permutation.</param>
/// <param name="Create">Makes it.</param>
internal sealed record Kernel(string Name, bool IsSupported, Func<Permutation, bool> Fits, Func<Permutation, ByteTransform> Create)
{
    /// <summary>The cheapest first. A permutation that is the identity needs none of them.</summary>
    public static IReadOnlyList<Kernel> All { get; } =
    [
        new("xor", true, p => p.Key is not null, p => new XorKernel(p)),
        new("add", true, AddKernel.Fits, p => new AddKernel(p)),
        new("gfni-512", Gfni.V512.IsSupported, IsAffine, p => new Gfni512Kernel(p)),
        new("gfni-256", Gfni.V256.IsSupported, IsAffine, p => new Gfni256Kernel(p)),
        new("avx2-affine", Avx2.IsSupported, IsAffine, p => new Avx2AffineKernel(p)),
        new("vector128-affine", Vector128.IsHardwareAccelerated, IsAffine, p => new Vector128AffineKernel(p)),
        new("vbmi", Avx512Vbmi.IsSupported, _ => true, p => new VbmiKernel(p)),
        new("avx2-table", Avx2.IsSupported, _ => true, p => new Avx2TableKernel(p)),
        // An x64 processor emulates an Arm's shuffle: sixteen of them cost more than a look-up a byte (0.9 against 1.3 GB/s).
        .. AdvSimd.IsSupported ? [PortableTable, Scalar] : (Kernel[])[Scalar, PortableTable],
    ];

    private static Kernel PortableTable => new("vector128-table", Vector128.IsHardwareAccelerated, _ => true, p => new Vector128TableKernel(p));

    private static Kernel Scalar => new("scalar", true, _ => true, p => new ScalarKernel(p));

    /// <summary>The cheapest that this machine has.</summary>
    public static Kernel For(Permutation permutation) => All.First(kernel => kernel.IsSupported && kernel.Fits(permutation));

    private static bool IsAffine(Permutation permutation) => permutation.Matrix is not null;
}
