using Oracle.Protocol.Expressions;
using Sidecar.Transform.Kernels;

namespace Sidecar.Transform;

/// <summary>One part of a compiled expression.</summary>
/// <param name="Does">What it does, in words.</param>
/// <param name="Kernel">What computes it.</param>
/// <param name="Start">The transform for one direction of one connection; always the same one where the place of a byte does not matter.</param>
internal sealed record TransformPart(string Does, string Kernel, Func<ByteTransform> Start);

/// <summary>
/// An expression as the machine runs it: neighbours that are permutations folded to one, neighbours that cancel dropped,
/// and the cheapest kernel for each part that is left.
/// </summary>
internal sealed class CompiledTransform
{
    private CompiledTransform(IReadOnlyList<TransformPart> parts) => Parts = parts;

    /// <summary>What is left to do to each byte, in order; nothing for an expression that changes nothing.</summary>
    public IReadOnlyList<TransformPart> Parts { get; }

    /// <summary>Compiles for this machine.</summary>
    public static CompiledTransform Compile(TransformExpression expression) => Compile(expression, Kernel.For);

    /// <summary>Compiles with kernels of the caller's choice.</summary>
    public static CompiledTransform Compile(TransformExpression expression, Func<Permutation, Kernel> choose)
    {
        var left = new List<(Permutation? Permutation, TransformStep? Step)>();
        foreach (var step in expression.Steps)
        {
            var (permutation, last) = (step.AsPermutation(), left.LastOrDefault());
            if (permutation is null && last.Step is { } before && before.Inverse().ToString() == step.ToString())
                left.RemoveAt(left.Count - 1);
            else if (permutation is null)
                left.Add((null, step));
            else if (last.Permutation is { } first)
                left[^1] = (first.Then(permutation), null);
            else
                left.Add((permutation, null));
            if (left is [.., { Permutation.IsIdentity: true }])
                left.RemoveAt(left.Count - 1);
        }

        return new CompiledTransform([.. left.Select(part => part.Permutation is { } folded ? Part(folded, choose(folded)) : Part(part.Step!))]);
    }

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
        return new TransformPart(does, kernel.Name, () => shared);
    }

    private static TransformPart Part(TransformStep step)
    {
        if (step.Operator == BuiltIn.RepeatingKey)
        {
            var key = new RepeatingKey(step.Arguments[0].Bytes);
            return new TransformPart($"key of {key.Length} bytes", "xor-key", () => new RepeatingKeyTransform(key));
        }

        if (step.Operator == BuiltIn.KeyStream)
            return new TransformPart("key stream", "chacha20", () => new ChaCha20Transform(step.Arguments[1].Bytes, step.Arguments[2].Bytes));
        var filter = (TransformFilter)step.Operator;
        return new TransformPart("filter", filter.Name, () => step.IsInverted ? filter.CreateInverse(step.Arguments) : filter.Create(step.Arguments));
    }
}
