namespace Sidecar.Observation.Http2.Hpack;

/// <summary>
/// The Huffman code of HPACK (RFC 7541, 5.2 and Appendix B), decoded four bits at a time. A state is an inner node of the code's
/// tree. No code is shorter than five bits, so four bits end at most one.
/// </summary>
internal static class Huffman
{
    private const int Symbols = 256;
    private const int EndOfString = Symbols;
    private const int MaxCodeLength = 30;

    // The padding of the last byte is shorter than a byte.
    private const int MaxPadding = 7;

    private static readonly Step[] Steps = Build();

    // The code is canonical, so the lengths of its codes define it.
    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    /// <summary>Most bytes for which a number of encoded bytes can stand.</summary>
    public static int MaxDecoded(int encoded) => (int)(8L * encoded / 5);

    /// <summary>Decodes a whole string.</summary>
    /// <param name="encoded">The string.</param>
    /// <param name="decoded">Gets the result; it has the length of <see cref="MaxDecoded"/>.</param>
    /// <returns>The number of written bytes; -1 if the code or its padding is wrong.</returns>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> decoded)
    {
        var (length, step) = (0, default(Step) with { MayEnd = true });
        foreach (var value in encoded)
        {
            for (var shift = 4; shift >= 0; shift -= 4)
            {
                step = Steps[(step.Next << 4) | ((value >> shift) & 0xF)];
                if (step.Emits)
                    decoded[length++] = step.Symbol;
                else if (step.Fails)
                    return -1;
            }
        }

        return step.MayEnd ? length : -1;
    }

    private static Step[] Build()
    {
        var tree = BuildTree();
        var mayEnd = new bool[Symbols];
        for (var (node, ones) = (0, 0); ones <= MaxPadding; node = tree[node, 1], ones++)
            mayEnd[node] = true;

        var steps = new Step[Symbols << 4];
        for (var node = 0; node < Symbols; node++)
        {
            for (var bits = 0; bits < 16; bits++)
                steps[(node << 4) | bits] = Walk(tree, mayEnd, node, bits);
        }

        return steps;
    }

    /// <summary>The children of each node; a negative one is a leaf, the complement of its symbol.</summary>
    private static int[,] BuildTree()
    {
        // A binary tree with 257 leaves has 256 inner nodes; the root is the first.
        var tree = new int[Symbols, 2];
        var (code, nodes) = (0, 1);
        for (var length = 1; length <= MaxCodeLength; length++, code <<= 1)
        {
            for (var symbol = 0; symbol <= EndOfString; symbol++)
            {
                if (Lengths[symbol] != length)
                    continue;
                var node = 0;
                for (var bit = length - 1; bit > 0; bit--)
                {
                    ref var child = ref tree[node, (code >> bit) & 1];
                    if (child == 0)
                        child = nodes++;
                    node = child;
                }

                tree[node, code & 1] = ~symbol;
                code++;
            }
        }

        return tree;
    }

    private static Step Walk(int[,] tree, bool[] mayEnd, int node, int bits)
    {
        var step = default(Step);
        for (var bit = 3; bit >= 0; bit--)
        {
            node = tree[node, (bits >> bit) & 1];
            if (node >= 0)
                continue;
            if (~node == EndOfString)
                return default(Step) with { Fails = true };
            step = default(Step) with { Symbol = (byte)~node, Emits = true };
            node = 0;
        }

        return step with { Next = (byte)node, MayEnd = mayEnd[node] };
    }

    private readonly record struct Step(byte Next, byte Symbol, bool Emits, bool MayEnd, bool Fails);
}
