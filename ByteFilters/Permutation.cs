using System.Numerics;

namespace ByteFilters;

/// <summary>
/// The effect of a transform that does not depend on positions: the value that each of the 256 bytes becomes, no two the same.
/// </summary>
public sealed class Permutation : IEquatable<Permutation>
{
    /// <summary>The number of values of a byte.</summary>
    public const int Size = 256;

    // The matrix of x ↦ x.
    private const ulong IdentityMatrix = 0x0102040810204080;

    private readonly byte[] _table;
    private ulong? _matrix;
    private volatile bool _isMatrixFound;

    private Permutation(byte[] table) => _table = table;

    /// <summary>Leaves every byte as it is.</summary>
    public static Permutation Identity { get; } = Of(value => value);

    /// <summary>The value that each byte becomes, 256 of them.</summary>
    public ReadOnlySpan<byte> Table => _table;

    /// <summary>Whether every byte stays as it is.</summary>
    public bool IsIdentity => Equals(Identity);

    /// <summary>The key, if the permutation is exclusive or with one key; otherwise null.</summary>
    public byte? Key => Matrix == IdentityMatrix ? _table[0] : null;

    /// <summary>
    /// The matrix, if the permutation is affine over GF(2): <c>A·x ⊕ Table[0]</c>, in the operand order of
    /// <c>gf2p8affineqb</c> (row for bit <c>i</c> in byte <c>7 − i</c>); otherwise null.
    /// </summary>
    public ulong? Matrix
    {
        get
        {
            // If two threads search at once, both find the same.
            if (!_isMatrixFound)
            {
                _matrix = FindMatrix();
                _isMatrixFound = true;
            }

            return _matrix;
        }
    }

    /// <summary>Makes the table of a function.</summary>
    /// <exception cref="ArgumentException">Two bytes become the same value.</exception>
    public static Permutation Of(Func<byte, byte> map)
    {
        var table = new byte[Size];
        for (var value = 0; value < Size; value++)
            table[value] = map((byte)value);
        return TryCreate(table) ?? throw new ArgumentException("two bytes become the same value", nameof(map));
    }

    /// <summary>A permutation of 256 values; null if two values are the same, because then there is no inverse.</summary>
    public static Permutation? TryCreate(ReadOnlySpan<byte> table)
    {
        Span<bool> seen = stackalloc bool[Size];
        seen.Clear();
        foreach (var value in table)
            seen[value] = true;
        return table.Length == Size && !seen.Contains(false) ? new Permutation(table.ToArray()) : null;
    }

    /// <summary>The product of a matrix, as <see cref="Matrix"/> writes it, and a byte.</summary>
    public static byte Multiply(ulong matrix, byte value)
    {
        var product = 0;
        for (var bit = 0; bit < 8; bit++)
            product |= (BitOperations.PopCount((byte)(matrix >> (8 * (7 - bit))) & (uint)value) & 1) << bit;
        return (byte)product;
    }

    /// <summary>This permutation first, then the other.</summary>
    public Permutation Then(Permutation next)
    {
        var table = new byte[Size];
        for (var value = 0; value < Size; value++)
            table[value] = next._table[_table[value]];
        return new Permutation(table);
    }

    /// <summary>The inverse.</summary>
    public Permutation Inverse()
    {
        var table = new byte[Size];
        for (var value = 0; value < Size; value++)
            table[_table[value]] = (byte)value;
        return new Permutation(table);
    }

    /// <inheritdoc/>
    public bool Equals(Permutation? other) => other is not null && _table.AsSpan().SequenceEqual(other._table);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Permutation);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_table);
        return hash.ToHashCode();
    }

    // The results for 0 and for the eight single bits determine an affine map.
    private ulong? FindMatrix()
    {
        ulong matrix = 0;
        for (var column = 0; column < 8; column++)
        {
            var image = _table[1 << column] ^ _table[0];
            for (var row = 0; row < 8; row++)
                matrix |= (ulong)((image >> row) & 1) << ((8 * (7 - row)) + column);
        }

        for (var value = 0; value < Size; value++)
        {
            if ((Multiply(matrix, (byte)value) ^ _table[0]) != _table[value])
                return null;
        }

        return matrix;
    }
}
