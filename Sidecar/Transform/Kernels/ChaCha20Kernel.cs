using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sidecar.Transform.Kernels;

/// <summary>A way to compute the key stream of ChaCha20 (RFC 8439), several blocks at once. It keeps no state.</summary>
/// <param name="name">Its name in <c>--explain</c>.</param>
/// <param name="isSupported">Whether this machine supports it.</param>
/// <param name="blocks">The number of blocks that it computes at once.</param>
internal abstract class ChaCha20Kernel(string name, bool isSupported, int blocks)
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 64;

    /// <summary>Words of a state; word <see cref="Counter"/> is the number of the block.</summary>
    public const int Words = 16;
    public const int Counter = 12;

    public string Name => name;

    public bool IsSupported => isSupported;

    public int Blocks => blocks;

    /// <summary>The fastest first.</summary>
    public static IReadOnlyList<ChaCha20Kernel> All { get; } =
    [
        new ChaCha20Kernel<Row512>("chacha20-512", Row512.IsSupported),
        new ChaCha20Kernel<Row256>("chacha20-256", Row256.IsSupported),
        new ChaCha20Kernel<Row128>("chacha20-128", true),
    ];

    /// <summary>The fastest that this machine has.</summary>
    public static ChaCha20Kernel Best { get; } = All.First(kernel => kernel.IsSupported);

    /// <summary>Writes the blocks from the state's counter on; after 2^32 - 1 the counter continues with 0.</summary>
    public abstract void Fill(ReadOnlySpan<uint> state, Span<byte> stream);
}

/// <summary>
/// A state is four rows of four words. A <typeparamref name="TRow"/> holds the same row of one, two or four neighbouring
/// blocks, and four sets of such rows are computed together, because no set waits for another.
/// </summary>
internal sealed class ChaCha20Kernel<TRow>(string name, bool isSupported) : ChaCha20Kernel(name, isSupported, Sets * BlocksInSet)
    where TRow : unmanaged, IChaCha20Row<TRow>
{
    private const int Sets = 4;
    private const int RowsInSet = 4;
    private const int DoubleRounds = 10;

    private static int BlocksInSet => Unsafe.SizeOf<TRow>() / Unsafe.SizeOf<Vector128<uint>>();

    // Optimized from the first call on. The rows stay in memory, because AVX2 has not enough registers for sixteen at once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Fill(ReadOnlySpan<uint> state, Span<byte> stream)
    {
        var first = new Set(state);
        Span<Set> sets = stackalloc Set[Sets];
        Number(first, sets);
        for (var round = 0; round < DoubleRounds; round++)
        {
            foreach (ref var set in sets)
                set = set.DoubleRound();
        }

        Span<Set> starts = stackalloc Set[Sets];
        Number(first, starts);
        for (var i = 0; i < Sets; i++)
            (sets[i] + starts[i]).CopyTo(stream[(i * BlocksInSet * BlockSize)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Number(Set first, Span<Set> sets)
    {
        foreach (ref var set in sets)
        {
            set = first;
            first = first.Next();
        }
    }

    private readonly struct Set
    {
        private readonly TRow _a;
        private readonly TRow _b;
        private readonly TRow _c;
        private readonly TRow _d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Set(ReadOnlySpan<uint> state)
        {
            var rows = MemoryMarshal.Cast<uint, Vector128<uint>>(state);
            (_a, _b, _c, _d) = (TRow.Repeat(rows[0]), TRow.Repeat(rows[1]), TRow.Repeat(rows[2]), TRow.Repeat(rows[3]) + TRow.Numbers);
        }

        private Set(TRow a, TRow b, TRow c, TRow d) => (_a, _b, _c, _d) = (a, b, c, d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Set operator +(Set left, Set right) => new(left._a + right._a, left._b + right._b, left._c + right._c, left._d + right._d);

        /// <summary>The state of the next blocks.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Set Next() => new(_a, _b, _c, _d + TRow.Repeat(Vector128.CreateScalar((uint)BlocksInSet)));

        // Four quarter rounds on the columns at once; after turning the rows, the diagonals are columns too.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Set DoubleRound()
        {
            var columns = Round();
            var diagonals = new Set(columns._a, TRow.TurnOne(columns._b), TRow.TurnTwo(columns._c), TRow.TurnThree(columns._d)).Round();
            return new Set(diagonals._a, TRow.TurnThree(diagonals._b), TRow.TurnTwo(diagonals._c), TRow.TurnOne(diagonals._d));
        }

        /// <summary>One block after the other, each row after row.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void CopyTo(Span<byte> stream)
        {
            ReadOnlySpan<TRow> rows = [_a, _b, _c, _d];
            var from = MemoryMarshal.Cast<TRow, Vector128<uint>>(rows);
            var to = MemoryMarshal.Cast<byte, Vector128<uint>>(stream);
            for (var block = 0; block < BlocksInSet; block++)
            {
                for (var row = 0; row < RowsInSet; row++)
                    to[(block * RowsInSet) + row] = from[(row * BlocksInSet) + block];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Set Round()
        {
            var a = _a + _b;
            var d = TRow.RotateLeft(_d ^ a, 16);
            var c = _c + d;
            var b = TRow.RotateLeft(_b ^ c, 12);
            a += b;
            d = TRow.RotateLeft(d ^ a, 8);
            c += d;
            b = TRow.RotateLeft(b ^ c, 7);
            return new Set(a, b, c, d);
        }
    }
}
