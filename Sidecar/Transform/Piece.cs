using ByteFilters;

namespace Sidecar.Transform;

/// <summary>The effect of one or several neighbouring steps, folded as far as possible.</summary>
internal abstract record Piece
{
    /// <summary>Whether it leaves every byte unchanged.</summary>
    public virtual bool IsNothing => false;

    /// <summary>The fewest pieces with the effect of the steps.</summary>
    public static IReadOnlyList<Piece> Fold(IReadOnlyList<TransformStep> steps)
    {
        var pieces = new List<Piece>();
        foreach (var step in steps)
        {
            var piece = Of(step);
            // The result of folding two pieces can be folded with the piece before them.
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

    /// <summary>This piece and the next as one; null if that is not possible.</summary>
    protected abstract Piece? Then(Piece next);

    private static Piece Of(TransformStep step) =>
        step.AsPermutation() is { } permutation ? new PermutedPiece(permutation)
        : step.Operator == BuiltIn.RepeatingKey ? KeyPiece.Of(step.Arguments[0].Bytes)
        : new OpaquePiece(step);
}

/// <summary>The same change for each byte, at every position.</summary>
internal sealed record PermutedPiece(Permutation Permutation) : Piece
{
    public override bool IsNothing => Permutation.IsIdentity;

    protected override Piece? Then(Piece next) => next is PermutedPiece other ? new PermutedPiece(Permutation.Then(other.Permutation)) : null;
}

/// <summary>Exclusive or with a repeating key.</summary>
/// <param name="Key">The shortest key with the same effect, of 2 bytes or more.</param>
internal sealed record KeyPiece(byte[] Key) : Piece
{
    // The longest key that an expression can have: written out, it stays in the first-level cache.
    private const int MaxLength = 1024;

    /// <summary>The piece of any key; a key of one repeated byte does not depend on the position.</summary>
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

/// <summary>A key stream or a filter. Nothing is known of its effect, except that its inverse cancels it.</summary>
internal sealed record OpaquePiece(TransformStep Step) : Piece
{
    private static readonly PermutedPiece Nothing = new(Permutation.Identity);

    protected override Piece? Then(Piece next) => next is OpaquePiece other && Step.Inverse().Text == other.Step.Text ? Nothing : null;
}
