using System.Buffers.Binary;

namespace ByteFilters;

/// <summary>The operators that the language has by itself.</summary>
public static class BuiltIn
{
    private const int MaxKeyBytes = 1024;

    private static readonly TransformParameter Byte = TransformParameter.Number("a byte", byte.MaxValue);
    private static readonly TransformParameter Bits = TransformParameter.Number("a number of bits", 7);

    /// <summary>
    /// Exclusive or with a key that repeats. Only this operator and <see cref="KeyStream"/> depend on the position of a byte.
    /// </summary>
    public static TransformOperator RepeatingKey { get; } = new SelfInverse("xor-key", TransformParameter.Hex("a key", 1, MaxKeyBytes));

    /// <summary>Exclusive or with the key stream of a cipher: its name, a key, a nonce (RFC 8439, block counter from 0).</summary>
    public static TransformOperator KeyStream { get; } = new SelfInverse(
        "keystream", TransformParameter.Word("chacha20"), TransformParameter.Secret("a key", 32, 32), TransformParameter.Hex("a nonce", 12, 12));

    // A function, because an inverse can name an operator that is created further down.
    internal static ByteOperator Not { get; } = new("not", Always(value => (byte)~value), _ => Step(Not!)) { IsBare = true };

    internal static ByteOperator Xor { get; } = new("xor", By((value, n) => (byte)(value ^ n)), a => Step(Xor!, a[0]), Byte);

    internal static ByteOperator Add { get; } = new("add", By((value, n) => (byte)(value + n)), a => Step(Sub!, a[0]), Byte);

    internal static ByteOperator Sub { get; } = new("sub", By((value, n) => (byte)(value - n)), a => Step(Add, a[0]), Byte);

    internal static ByteOperator RotateLeft { get; } = new("rotl", By((value, n) => Rotate(value, n)), a => Step(RotateRight!, a[0]), Bits);

    internal static ByteOperator RotateRight { get; } = new("rotr", By((value, n) => Rotate(value, 8 - n)), a => Step(RotateLeft, a[0]), Bits);

    internal static ByteOperator SwapNibbles { get; } = new("swap-nibbles", Always(value => Rotate(value, 4)), _ => Step(SwapNibbles!));

    internal static ByteOperator ReverseBits { get; } = new("reverse-bits", Always(Reverse), _ => Step(ReverseBits!));

    internal static ByteOperator Affine { get; } = new("affine", TabulateAffine, InvertAffine, TransformParameter.Hex("a matrix", 8, 8), Byte)
    {
        Problem = a => IsSingular(MatrixOf(a)) ? "the matrix is singular, so nothing undoes it" : null,
    };

    // The parser has checked that the table is a permutation before it makes a step.
    internal static ByteOperator Table { get; } = new(
        "table", a => Permutation.TryCreate(a[0].Bytes)!, a => TableOf(Permutation.TryCreate(a[0].Bytes)!.Inverse()), TransformParameter.Hex("a table", 256, 256))
    {
        Problem = a => Permutation.TryCreate(a[0].Bytes) is null ? "two bytes become the same value, so nothing undoes the table" : null,
    };

    internal static IReadOnlyList<TransformOperator> All { get; } =
        [Not, Xor, Add, Sub, RotateLeft, RotateRight, SwapNibbles, ReverseBits, Affine, Table, RepeatingKey, KeyStream];

    internal static TransformStep Step(TransformOperator @operator, params IReadOnlyList<TransformArgument> arguments) => new(@operator, arguments);

    // Eight bytes, the most significant byte first, as the number is written.
    private static ulong MatrixOf(IReadOnlyList<TransformArgument> arguments) => BinaryPrimitives.ReadUInt64BigEndian(arguments[0].Bytes);

    // Evaluates the arguments once, not for each of 256 bytes.
    private static Func<IReadOnlyList<TransformArgument>, Permutation> Always(Func<byte, byte> map)
    {
        var permutation = Permutation.Of(map);
        return _ => permutation;
    }

    private static Func<IReadOnlyList<TransformArgument>, Permutation> By(Func<byte, byte, byte> map) => arguments =>
    {
        var number = arguments[0].Value;
        return Permutation.Of(value => map(value, number));
    };

    private static Permutation TabulateAffine(IReadOnlyList<TransformArgument> arguments)
    {
        var (matrix, constant) = (MatrixOf(arguments), arguments[1].Value);
        return Permutation.Of(value => (byte)(Permutation.Multiply(matrix, value) ^ constant));
    }

    private static TransformStep InvertAffine(IReadOnlyList<TransformArgument> arguments)
    {
        var inverse = TabulateAffine(arguments).Inverse();
        var matrix = new byte[sizeof(ulong)];
        // The inverse of an affine map is affine too.
        BinaryPrimitives.WriteUInt64BigEndian(matrix, inverse.Matrix!.Value);
        return Step(Affine, TransformArgument.OfBytes(matrix), TransformArgument.OfNumber(inverse.Table[0]));
    }

    private static TransformStep TableOf(Permutation permutation) => Step(Table, TransformArgument.OfBytes(permutation.Table.ToArray()));

    private static bool IsSingular(ulong matrix)
    {
        for (var value = 1; value < Permutation.Size; value++)
        {
            if (Permutation.Multiply(matrix, (byte)value) == 0)
                return true;
        }

        return false;
    }

    private static byte Rotate(byte value, int bits) => (byte)((value << bits) | (value >> (8 - bits)));

    private static byte Reverse(byte value)
    {
        var reversed = 0;
        for (var bit = 0; bit < 8; bit++)
            reversed |= ((value >> bit) & 1) << (7 - bit);
        return (byte)reversed;
    }

    /// <summary>An operator with the same effect on a byte at every position.</summary>
    internal sealed class ByteOperator(
        string name, Func<IReadOnlyList<TransformArgument>, Permutation> tabulate, Func<IReadOnlyList<TransformArgument>, TransformStep> invert,
        params IReadOnlyList<TransformParameter> parameters) : TransformOperator
    {
        public override string Name => name;

        public override IReadOnlyList<TransformParameter> Parameters => parameters;

        /// <summary>Whether its canonical form has no parentheses.</summary>
        public bool IsBare { get; init; }

        /// <summary>The check behind <see cref="Refuse"/>.</summary>
        public Func<IReadOnlyList<TransformArgument>, string?>? Problem { get; init; }

        public Permutation Tabulate(IReadOnlyList<TransformArgument> arguments) => tabulate(arguments);

        public override string? Refuse(IReadOnlyList<TransformArgument> arguments) => Problem?.Invoke(arguments);

        internal override TransformStep Invert(IReadOnlyList<TransformArgument> arguments) => invert(arguments);
    }

    private sealed class SelfInverse(string name, params IReadOnlyList<TransformParameter> parameters) : TransformOperator
    {
        public override string Name => name;

        public override IReadOnlyList<TransformParameter> Parameters => parameters;

        internal override TransformStep Invert(IReadOnlyList<TransformArgument> arguments) => Step(this, arguments);
    }
}
