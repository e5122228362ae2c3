using System.Diagnostics;
using ByteFilters;
using Sidecar.Transform.Kernels;

namespace Sidecar.Transform;

/// <summary>One part of a compiled expression.</summary>
/// <param name="Does">Its effect, in words.</param>
/// <param name="Kernel">The kernel that computes it.</param>
/// <param name="Bytes">Its memory for all connections together, rounded up.</param>
/// <param name="Start">
/// The transform for one direction of one connection; always the same object if the position of a byte does not matter.
/// </param>
internal sealed record TransformPart(string Does, string Kernel, int Bytes, Func<ByteTransform> Start);

/// <summary>
/// An expression as the machine runs it: neighbours are folded, steps that cancel are dropped, and each remaining part has
/// the cheapest kernel.
/// </summary>
internal sealed class CompiledTransform
{
    // A permutation's table, a kernel with its own table, and the objects around them.
    private const int PartBytes = 1500;

    private CompiledTransform(IReadOnlyList<TransformPart> parts) => Parts = parts;

    /// <summary>The remaining parts, in order; none for an expression that changes nothing.</summary>
    public IReadOnlyList<TransformPart> Parts { get; }

    /// <summary>Memory that all connections share, rounded up.</summary>
    public int Bytes => Parts.Sum(part => part.Bytes);

    /// <summary>Compiles for this machine.</summary>
    public static CompiledTransform Compile(TransformExpression expression) => Compile(expression, Kernel.For);

    /// <summary>Compiles with kernels that the caller chooses.</summary>
    public static CompiledTransform Compile(TransformExpression expression, Func<Permutation, Kernel> choose) => new([.. Piece.Fold(expression.Steps).Select(piece => piece switch
    {
        PermutedPiece { Permutation: var permutation } => Part(permutation, choose(permutation)),
        KeyPiece { Key: var key } => Part(new RepeatingKey(key)),
        OpaquePiece { Step: var step } => Part(step),
        _ => throw new UnreachableException(),
    })]);

    /// <summary>The transform of one direction of one connection.</summary>
    public ByteTransform Start() => Parts switch
    {
        [] => IdentityTransform.Instance,
        [var part] => part.Start(),
        _ => new ChainTransform([.. Parts.Select(part => part.Start())]),
    };

    private static TransformPart Part(Permutation permutation, Kernel kernel)
    {
        var shared = kernel.Create(permutation);
        var does = permutation switch
        {
            { Key: { } key } => $"xor {key}",
            { Matrix: not null } => "affine",
            _ => AddMap.Fits(permutation) ? $"add {permutation.Table[0]}" : "table",
        };
        return new TransformPart(does, kernel.Name, PartBytes, () => shared);
    }

    private static TransformPart Part(RepeatingKey key) =>
        new($"key of {key.Length} bytes", "xor-key", PartBytes + key.Bytes, () => new RepeatingKeyTransform(key));

    private static TransformPart Part(TransformStep step)
    {
        if (step.Operator == BuiltIn.KeyStream)
        {
            var kernel = ChaCha20Kernel.Best;
            return new TransformPart("key stream", kernel.Name, PartBytes, () => new ChaCha20Transform(step.Arguments[1].Bytes, step.Arguments[2].Bytes, kernel));
        }

        var filter = (TransformFilter)step.Operator;
        // A user's code can return null, even if its type says otherwise.
        return new TransformPart("filter", filter.Name, PartBytes, () =>
            (step.IsInverted ? filter.CreateInverse(step.Arguments) : filter.Create(step.Arguments)) ?? throw new InvalidOperationException($"{filter.Name} made no transform"));
    }
}
