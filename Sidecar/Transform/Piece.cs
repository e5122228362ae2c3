using ByteFilters;

namespace Sidecar.Transform;

/// <summary>What one or several neighbouring steps do: the pieces of an expression, folded as far as they go.</summary>
internal abstract record Piece
{
    /// <summary>Whether it leaves every byte as it is.</summary>
    public virtual bool IsNothing => false;

    /// <summary>The fewest pieces that do what the steps do.</summary>
    public static IReadOnlyList<Piece> Fold(IReadOnlyList<TransformStep> steps)
    {
        var pieces = new List<Piece>();
        foreach (var step in steps)
        {
            var piece = Of(step);
            // What two pieces come to may go together with the one before them.
            while (pieces is [.., var last] && last.Then(piece) is { } both)
            {
                pieces.RemoveAt(pieces.Count - 1);
                piece = both;
            }

            if (!piece.IsNothing)
                pieces.Add(piece);
        }

        return pieces;
    }

    /// <summary>This and then the next in one; null when they cannot be.</summary>
    protected abstract Piece? Then(Piece next);

    private static Piece Of(TransformStep step) =>
        step.AsPermutation() is { } permutation ? new PermutedPiece(permutation)
        : step.Operator == BuiltIn.RepeatingKey ? KeyPiece.Of(step.Arguments[0].Bytes)
        : new OpaquePiece(step);
}

/// <summary>The same for each byte, wherever it stands.</summary>
internal sealed record PermutedPiece(Permutation Permutation) : Piece
{
    public override bool IsNothing => Permutation.IsIdentity;

    protected override Piece? Then(Piece next) => next is PermutedPiece other ? new PermutedPiece(Permutation.Then(other.Permutation)) : null;
}

/// <summary>Exclusive or with a repeating key.</summary>
/// <param name="Key">The shortest that repeats to the same, of 2 bytes and more.</param>
internal sealed record KeyPiece(byte[] Key) : Piece
{
    // As long as one that an expression can name: written out, it stays in the first-level cache.
    private const int MaxLength = 1024;

    /// <summary>The piece of any key; one byte again and again has no place to mind.</summary>
    public static Piece Of(ReadOnlySpan<byte> key)
    {
        var length = 1;
        while (key.Length % length != 0 || !key[length..].SequenceEqual(key[..^length]))
            length++;
        var first = key[0];
        return length == 1 ? new PermutedPiece(Permutation.Of(value => (byte)(value ^ first))) : new KeyPiece(key[..length].ToArray());
    }

    protected override Piece? Then(Piece next)
    {
        if (next is not KeyPiece { Key: var other } || LeastCommonMultiple(Key.Length, other.Length) is not (<= MaxLength and var length))
            return null;
        var both = new byte[length];
        for (var i = 0; i < length; i++)
            both[i] = (byte)(Key[i % Key.Length] ^ other[i % other.Length]);
        return Of(both);
    }

    private static int LeastCommonMultiple(int a, int b)
    {
        var (divisor, rest) = (a, b);
        while (rest != 0)
            (divisor, rest) = (rest, divisor % rest);
        return a / divisor * b;
    }
}

/// <summary>A key stream or a filter. Only next to what undoes it is anything known of it.</summary>
internal sealed record OpaquePiece(TransformStep Step) : Piece
{
    private static readonly PermutedPiece Nothing = new(Permutation.Identity);

    protected override Piece? Then(Piece next) => next is OpaquePiece other && Step.Inverse().Text == other.Step.Text ? Nothing : null;
}
