using System.Numerics;
using System.Runtime.CompilerServices;
using ByteFilters;

namespace Sidecar.Transform.Kernels;

/// <summary>Exclusive or with one byte; <c>not</c> is one case of it.</summary>
internal readonly struct XorMap(byte key) : IVectorMap<Vector<byte>>
{
    private readonly Vector<byte> _key = new(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<byte> Map(Vector<byte> vector) => vector ^ _key;
}

/// <summary>Addition of one byte.</summary>
internal readonly struct AddMap(byte summand) : IVectorMap<Vector<byte>>
{
    private readonly Vector<byte> _summand = new(summand);

    /// <summary>Whether the permutation is such an addition.</summary>
    public static bool Fits(Permutation permutation)
    {
        for (var value = 0; value < Permutation.Size; value++)
        {
            if (permutation.Table[value] != (byte)(permutation.Table[0] + value))
                return false;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<byte> Map(Vector<byte> vector) => vector + _summand;
}
