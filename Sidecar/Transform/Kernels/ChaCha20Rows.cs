using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sidecar.Transform.Kernels;

/// <summary>Rows of four blocks: AVX-512.</summary>
internal readonly struct Row512(Vector512<uint> words) : IChaCha20Row<Row512>
{
    private readonly Vector512<uint> _words = words;

    /// <summary>Whether such vectors are faster here; some processors slow down when they use them.</summary>
    public static bool IsSupported => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    public static Row512 Numbers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512.Create(0u, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 Repeat(Vector128<uint> row) => new(Vector512.Create(Vector256.Create(row, row), Vector256.Create(row, row)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 operator +(Row512 left, Row512 right) => new(left._words + right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 operator ^(Row512 left, Row512 right) => new(left._words ^ right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 RotateLeft(Row512 row, [ConstantExpected] byte bits) => new(Avx512F.RotateLeft(row._words, bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 TurnOne(Row512 row) => new(Avx512F.Shuffle(row._words, Turns.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 TurnTwo(Row512 row) => new(Avx512F.Shuffle(row._words, Turns.Two));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row512 TurnThree(Row512 row) => new(Avx512F.Shuffle(row._words, Turns.Three));
}

/// <summary>Rows of two blocks: AVX2.</summary>
internal readonly struct Row256(Vector256<uint> words) : IChaCha20Row<Row256>
{
    private readonly Vector256<uint> _words = words;

    public static bool IsSupported => Avx2.IsSupported;

    public static Row256 Numbers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256.Create(0u, 0, 0, 0, 1, 0, 0, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 Repeat(Vector128<uint> row) => new(Vector256.Create(row, row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 operator +(Row256 left, Row256 right) => new(left._words + right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 operator ^(Row256 left, Row256 right) => new(left._words ^ right._words);

    // For whole bytes, one shuffle does the work of two shifts and an or.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 RotateLeft(Row256 row, [ConstantExpected] byte bits) => bits switch
    {
        8 => new(Avx2.Shuffle(row._words.AsByte(), Vector256.Create((byte)3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)).AsUInt32()),
        16 => new(Avx2.Shuffle(row._words.AsByte(), Vector256.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)).AsUInt32()),
        _ => new((row._words << bits) | (row._words >>> (32 - bits))),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 TurnOne(Row256 row) => new(Avx2.Shuffle(row._words, Turns.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 TurnTwo(Row256 row) => new(Avx2.Shuffle(row._words, Turns.Two));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row256 TurnThree(Row256 row) => new(Avx2.Shuffle(row._words, Turns.Three));
}

/// <summary>Rows of one block, on any processor.</summary>
internal readonly struct Row128(Vector128<uint> words) : IChaCha20Row<Row128>
{
    private readonly Vector128<uint> _words = words;

    public static Row128 Numbers => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 Repeat(Vector128<uint> row) => new(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 operator +(Row128 left, Row128 right) => new(left._words + right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 operator ^(Row128 left, Row128 right) => new(left._words ^ right._words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 RotateLeft(Row128 row, [ConstantExpected] byte bits) => new((row._words << bits) | (row._words >>> (32 - bits)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 TurnOne(Row128 row) => new(Vector128.Shuffle(row._words, Vector128.Create(1u, 2, 3, 0)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 TurnTwo(Row128 row) => new(Vector128.Shuffle(row._words, Vector128.Create(2u, 3, 0, 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row128 TurnThree(Row128 row) => new(Vector128.Shuffle(row._words, Vector128.Create(3u, 0, 1, 2)));
}

/// <summary>The order of the words, as <c>pshufd</c> takes it: two bits for each word, the first one lowest.</summary>
file static class Turns
{
    public const byte One = 0b_00_11_10_01;
    public const byte Two = 0b_01_00_11_10;
    public const byte Three = 0b_10_01_00_11;
}
