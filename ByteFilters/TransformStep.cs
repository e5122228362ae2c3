using System.Text;

namespace ByteFilters;

/// <summary>An operator with its arguments, or the inverse of that.</summary>
public sealed class TransformStep
{
    // Found at the first use; if two threads search at once, both find the same.
    private Permutation? _permutation;
    private string? _text;
    private string? _shown;

    internal TransformStep(TransformOperator @operator, IReadOnlyList<TransformArgument> arguments, bool isInverted = false) =>
        (Operator, Arguments, IsInverted) = (@operator, arguments, isInverted);

    /// <summary>The operator.</summary>
    public TransformOperator Operator { get; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<TransformArgument> Arguments { get; }

    /// <summary>Whether it is the inverse of the operator; only for operators with an inverse that has no word of its own.</summary>
    public bool IsInverted { get; }

    /// <summary>
    /// The canonical form: <c>(xor 42)</c>. It contains secrets: only for the wire and for comparing, never for an output.
    /// </summary>
    public string Text => _text ??= Write(argument => argument.Text);

    /// <summary>The canonical form without secrets, as all outputs show it.</summary>
    public string Shown => _shown ??= Arguments.All(argument => ReferenceEquals(argument.Shown, argument.Text)) ? Text : Write(argument => argument.Shown);

    /// <summary>The effect on a byte at any position; null if the position matters, or the effect is not known.</summary>
    public Permutation? AsPermutation() => Operator is BuiltIn.ByteOperator bytes ? _permutation ??= bytes.Tabulate(Arguments) : null;

    /// <summary>The inverse.</summary>
    public TransformStep Inverse() => Operator.Invert(Arguments) ?? new TransformStep(Operator, Arguments, !IsInverted);

    /// <inheritdoc/>
    public override string ToString() => Shown;

    private string Write(Func<TransformArgument, string> write)
    {
        if (Operator is BuiltIn.ByteOperator { IsBare: true })
            return Operator.Name;
        var text = new StringBuilder("(").Append(Operator.Name);
        foreach (var argument in Arguments)
            text.Append(' ').Append(write(argument));
        text.Append(')');
        return IsInverted ? $"(inverse {text})" : text.ToString();
    }
}
